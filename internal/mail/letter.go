// letter.go: what a message says, as plain text and as simple HTML.

package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"
)

//go:embed letter.html letter.txt
var letters embed.FS

var (
	letterHTML = htmltemplate.Must(htmltemplate.ParseFS(letters, "letter.html"))
	letterText = texttemplate.Must(texttemplate.ParseFS(letters, "letter.txt"))
)

// Letter is what one of our pages has to tell somebody. No word in it is a stranger's.
type Letter struct {
	To       string    // "" for nobody: the letter takes the same way, and is dropped at its end
	Site     string    // what the person knows the place as
	Title    string    // what it is about
	Lines    []string  // before the code and the link
	Code     string    // to type
	Link     string    // under the issuer
	LinkText string    // what the link does
	Closing  []string  // after them
	Until    time.Time // it is worth nothing from then on; zero for ever
}

// message renders the letter.
func (l Letter) message(now time.Time) (Message, error) {
	l.Site = oneLine(l.Site)
	m := Message{To: l.To, Subject: oneLine(l.Title) + " · " + l.Site, At: now}
	var text, html strings.Builder
	if err := letterText.Execute(&text, l); err != nil {
		return Message{}, fmt.Errorf("writing a letter: %w", err)
	}
	if err := letterHTML.Execute(&html, l); err != nil {
		return Message{}, fmt.Errorf("writing a letter: %w", err)
	}
	m.Text, m.HTML = text.String(), html.String()
	return m, m.check()
}

// oneLine makes of a title something that a header can hold: a project's title is the operator's, and theirs to misspell.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)), " ")
}
