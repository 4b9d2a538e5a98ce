// passkey.go: the form that a device fills in, and the answers to its script.

package pages

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
)

// PasskeyForm is a form that a device fills in with a passkey: the template "passkey" shows it. The page's script posts
// it to Options, hands what it gets to the device, and posts what the device says to Action.
type PasskeyForm struct {
	Action, Options, Token, Button string
	Fields                         map[string]string // hidden, beside the token
	Make                           bool              // a passkey, instead of using one
	Autofill                       bool              // passkeys are offered at a field of the page as well
	Primary                        bool              // the button is the page's first choice
	Only                           bool              // there is nothing else to choose
	Named                          bool              // the person may name the new one, in the field "name"
}

// WithPasskeyForm lets a part of a page, which stands outside the layout, show the template "passkey".
func WithPasskeyForm(part *template.Template) *template.Template {
	return template.Must(part.ParseFS(layouts, "passkey.html"))
}

// JSON answers a page's script.
func JSON(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("answering a script: %w", err)
	}
	Protect(w.Header(), "")
	w.Header().Set("Content-Type", "application/json")
	w.Write(body) // a script that has gone needs no answer
	return nil
}
