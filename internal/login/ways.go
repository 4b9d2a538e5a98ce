// ways.go: the ways to log in, as far as the project wants them and the deployment can serve them.

package login

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
)

// Ways are the links of the sign-in page to the other ways; "" for one that is off.
type ways struct{ Password, EmailCode, Reset, SignUp string }

// ways tells what is on. What needs mail is off where none can be sent.
func (l *Login) ways(req store.Request) (w ways) {
	to := func(page string) string {
		if req.ID == "" {
			return l.Site.Base + page
		}
		return l.Site.Base + page + "?" + url.Values{"request": {string(req.ID)}}.Encode()
	}
	if l.passwords() {
		w.Password = to("/login")
	}
	if l.canMail(l.Settings.EmailCode) {
		w.EmailCode = to("/login/email")
	}
	if l.canMail(l.passwords()) {
		w.Reset = to("/login/reset")
	}
	if l.canMail(l.Settings.SignUp) {
		w.SignUp = to("/login/sign-up")
	}
	return w
}

func (l *Login) passwords() bool { return !l.Settings.NoPassword }

func (l *Login) canMail(wanted bool) bool { return wanted && l.Mail != nil }

// off refuses a way that the project does not have. The page is there all the same: a link to it can be old.
func off() error {
	return &pages.Refusal{
		Status: http.StatusNotFound,
		Title:  "This is not available here",
		Text:   "This place does not let people sign in that way.",
		Hint:   "Go back and choose another way.",
		Cause:  errors.New("the way to log in is off"),
	}
}

// put files a letter. Whether it is to somebody or to nobody makes no difference.
func (l *Login) put(letter mail.Letter) error {
	letter.Site = l.Site.Name
	err := l.Mail.Put(letter)
	if errors.Is(err, mail.ErrFull) {
		return &pages.Refusal{
			Status: http.StatusServiceUnavailable, Title: "We can’t send mail right now", Text: "Nothing was changed.",
			Hint: "Wait a few minutes, then try again.", RetryAfter: retryMail, Cause: err,
		}
	}
	return err
}
