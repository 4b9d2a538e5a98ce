// visitor_test.go is what a browser does: it keeps cookies, follows redirects inside the site and submits the forms it was shown.

package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// visitor is one browser.
type visitor struct {
	handler http.Handler
	cookies map[string]string
	last    *answer // what it shows
}

// send sends a request as a browser would, with its cookies.
func (b *visitor) send(method, target string, header http.Header, body string) *answer {
	r := newRequest(method, target, header, body)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	b.last = answerOf(rec)
	return b.last
}

func answerOf(rec *httptest.ResponseRecorder) *answer {
	a := &answer{status: rec.Code, header: rec.Result().Header, body: rec.Body.String()}
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		if root, err := html.Parse(strings.NewReader(a.body)); err == nil {
			a.words = textOf(root)
		}
	}
	return a
}

// newRequest makes a request to the deployment; target is a path, or an absolute URL under the issuer.
func newRequest(method, target string, header http.Header, body string) *http.Request {
	target = strings.TrimPrefix(target, issuer)
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, target, reader)
	r.Host = host
	for name, values := range header {
		if name == "Host" {
			r.Host = values[0]
			continue
		}
		r.Header[name] = values
	}
	return r
}

// follow goes where the last answer points, as long as that is inside the site.
func (b *visitor) follow() error {
	for hops := 0; b.last != nil && b.inside(); hops++ {
		if hops == 10 {
			return errors.New("ten redirects in a row")
		}
		b.send(http.MethodGet, b.last.header.Get("Location"), http.Header{"Sec-Fetch-Site": {"same-origin"}}, "")
	}
	return nil
}

// inside tells whether the last answer is a redirect that stays on the deployment's own pages.
func (b *visitor) inside() bool {
	location := b.last.header.Get("Location")
	return b.last.status == http.StatusSeeOther && strings.HasPrefix(location, issuer+"/") && !strings.HasPrefix(location, issuer+"/callback")
}

// form is a form of a page: its hidden fields and its buttons.
type form struct {
	action  string
	fields  url.Values
	buttons []button
}

type button struct{ text, name, value string }

// forms reads the forms of the page that is shown.
func (b *visitor) forms() ([]form, error) {
	if b.last == nil {
		return nil, errors.New("no page is shown")
	}
	root, err := html.Parse(strings.NewReader(b.last.body))
	if err != nil {
		return nil, err
	}
	var list []form
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" {
			list = append(list, readForm(n))
		}
	}
	return list, nil
}

func readForm(n *html.Node) form {
	f := form{action: attr(n, "action"), fields: make(url.Values)}
	for c := range n.Descendants() {
		switch {
		case c.Type != html.ElementNode:
		case c.Data == "input" && attr(c, "name") != "":
			f.fields.Add(attr(c, "name"), attr(c, "value"))
		case c.Data == "button":
			f.buttons = append(f.buttons, button{textOf(c), attr(c, "name"), attr(c, "value")})
		}
	}
	return f
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// press submits the form that has the button, with the fields as they are shown and what is typed over them.
func (b *visitor) press(text string, typed url.Values) error {
	list, err := b.forms()
	if err != nil {
		return err
	}
	for _, f := range list {
		at := slices.IndexFunc(f.buttons, func(one button) bool { return strings.HasPrefix(one.text, text) })
		if at < 0 {
			continue
		}
		if name := f.buttons[at].name; name != "" {
			f.fields.Set(name, f.buttons[at].value)
		}
		for name, values := range typed {
			f.fields[name] = values
		}
		b.send(http.MethodPost, f.action, formHeader(), f.fields.Encode())
		return nil
	}
	return fmt.Errorf("no button %q on the page that is shown:\n%s", text, b.last)
}

// formHeader is what a browser sends with a form of the page's own site.
func formHeader() http.Header {
	return http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {issuer}, "Sec-Fetch-Site": {"same-origin"}, "Sec-Fetch-Mode": {"navigate"},
	}
}

// signIn fills in the login form.
func (b *visitor) signIn(name, password string) error {
	return b.press("Sign in", url.Values{"email": {name + "@example.com"}, "password": {password}})
}

// allow goes through the pages until the answer is the client's: it signs in when asked to, and allows.
func (b *visitor) allow(name string) error {
	for range 6 {
		if err := b.follow(); err != nil {
			return err
		}
		switch {
		case b.last.status == http.StatusSeeOther:
			return nil
		case strings.Contains(b.last.body, `name="password"`):
			if err := b.signIn(name, password); err != nil {
				return err
			}
		default:
			if err := b.press("Allow", nil); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("six pages, and no end:\n%s", b.last)
}
