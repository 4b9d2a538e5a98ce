// known.go: the MCP clients that many people use, and how each can be told from one that borrows its name.

package clients

import (
	_ "embed"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
	"golang.org/x/text/unicode/norm"
)

//go:embed known.json
var knownJSON []byte

// Known is a list of well-known clients. A nil one knows none.
type Known struct {
	clients []knownClient
}

// knownClient is one well-known client. Only a document on its host or an https redirect of its own proves it;
// loopback and private-use redirects are listed because they must register, and prove nothing.
type knownClient struct {
	Name      string   `json:"name"`
	Also      []string `json:"also,omitempty"`      // other names people know it by
	Documents []string `json:"documents,omitempty"` // client ids
	HTTPS     []string `json:"https,omitempty"`     // redirect URIs; one that ends in /* stands for one more segment
	Loopback  []string `json:"loopback,omitempty"`  // redirect URIs as they are registered, with or without port
	Private   []string `json:"private,omitempty"`   // redirect URIs of private-use schemes
}

// WellKnown is the list that comes with Authwright.
var WellKnown = sync.OnceValue(func() *Known {
	var list []knownClient
	if err := json.Unmarshal(knownJSON, &list); err != nil {
		panic("clients: known.json: " + err.Error()) // it is compiled in, and a test reads it
	}
	return &Known{clients: list}
})

// Badge names the well-known client that this provably is: its document is the known one or lies on a known one's
// host, or the answer goes to an https address that is that client's alone.
func (k *Known) Badge(c Client, redirect oauth.RedirectURI) (name string, ok bool) {
	if k == nil {
		return "", false
	}
	if k.documents(c.ID) && c.Origin == store.Document {
		for _, one := range k.clients {
			if slices.Contains(one.Documents, string(c.ID)) {
				return one.Name, true
			}
		}
	}
	for _, one := range k.clients {
		if c.Origin == store.Document && one.publishes(c.ID) || one.receives(redirect) {
			return one.Name, true
		}
	}
	return "", false
}

// publishes tells whether a document lies on the host of one of the client's documents.
func (c knownClient) publishes(id store.ClientID) bool {
	for _, document := range c.Documents {
		if origin(document) == origin(string(id)) {
			return true
		}
	}
	return false
}

// receives tells whether an answer at redirect reaches the client's web site.
func (c knownClient) receives(redirect oauth.RedirectURI) bool {
	for _, one := range c.HTTPS {
		stem, open := strings.CutSuffix(one, "*")
		rest, fits := strings.CutPrefix(string(redirect), stem)
		if !open && string(redirect) == one || open && fits && rest != "" && !strings.ContainsAny(rest, "/?%") {
			return true
		}
	}
	return false
}

// documents tells whether the id is a document of a well-known client.
func (k *Known) documents(id store.ClientID) bool {
	if k == nil {
		return false
	}
	for _, one := range k.clients {
		if slices.Contains(one.Documents, string(id)) {
			return true
		}
	}
	return false
}

// origin is scheme and authority of a URL, or "".
func origin(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Lookalike tells which well-known client a self-given name would be taken for: spelled so, or with other case,
// spacing, digits, accents, or letters of another script that look alike; alone or among other words.
func (k *Known) Lookalike(name string) (known string, ok bool) {
	if k == nil {
		return "", false
	}
	words := skeletonWords(name)
	longest := 0 // "Claude Code" before "Claude"
	for _, one := range k.clients {
		for _, spelled := range append([]string{one.Name}, one.Also...) {
			if want := strings.Join(skeletonWords(spelled), ""); len(want) > longest && holds(words, want) {
				known, longest = one.Name, len(want)
			}
		}
	}
	return known, known != ""
}

// sounds folds pairs of letters that are taken for one.
var sounds = strings.NewReplacer("rn", "m", "vv", "w")

// holds tells whether some words in a row make up want, or begin with it when it is long enough to be no accident.
func holds(words []string, want string) bool {
	want = sounds.Replace(want)
	for i := range words {
		spelled := ""
		for _, word := range words[i:] {
			spelled += word
			joined := sounds.Replace(spelled)
			if joined == want || len(want) >= longName && strings.HasPrefix(joined, want) {
				return true
			}
			if len(joined) > len(want) {
				break
			}
		}
	}
	return false
}

const longName = 6

// skeletonWords folds a name to what the eye sees of it (after UTS #39 §4) and cuts it into words.
func skeletonWords(name string) []string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if unicode.IsMark(r) {
			continue
		}
		if twin, ok := confusables[r]; ok {
			r = twin
		}
		r = unicode.ToLower(r)
		if twin, ok := confusables[r]; ok {
			r = twin
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.Fields(b.String())
}

// confusables maps letters and digits to the one Latin letter they are taken for: Cyrillic, Greek, Armenian, small
// capitals. i, l, 1 and | all become l. Capitals that look like another letter than their small form have an entry.
var confusables = twins(
	"a", "аαɑᴀ4@", "b", "ЬВβʙ8", "c", "сϲⲥⲤᴄ", "d", "ԁɗᴅ", "e", "еεєҽᴇ3", "g", "ɡցɢ9", "h", "һНΗհʜ",
	"j", "јϳᴊ", "k", "кκᴋ", "l", "iіιıӏӀ1|ʟɪ", "m", "мМΜᴍ", "n", "пηոΝɴ", "o", "оοσօᴏ0", "p", "рρᴘ",
	"q", "ԛ", "r", "гʀ", "s", "ѕꜱ5$", "t", "тτᴛ", "u", "υսцᴜ", "v", "νѵᴠ", "w", "ԝωѡᴡ", "x", "хχ", "y", "уүγΥʏ", "z", "ᴢΖ2",
)

func twins(pairs ...string) map[rune]rune {
	m := make(map[rune]rune)
	for i := 0; i+1 < len(pairs); i += 2 {
		for _, r := range pairs[i+1] {
			m[r] = []rune(pairs[i])[0]
		}
	}
	return m
}
