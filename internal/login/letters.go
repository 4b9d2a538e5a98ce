// letters.go: what we write to people. No word of a stranger is in it, not even a name they chose.

package login

import (
	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/store"
)

const ignoreIt = "If this was not you, ignore this mail. Do not tell the code to anybody: we never ask for it."

// spaced is a code as people read it.
func spaced(code string) string { return code[:codeDigits/2] + " " + code[codeDigits/2:] }

func (l *Login) signInLetter(to string, c store.Challenge, s secrets) mail.Letter {
	return mail.Letter{
		To: to, Title: "Your sign-in code", Until: c.Expires, Code: spaced(s.code),
		Lines:    []string{"Somebody, probably you, wants to sign in with this address. Type this code where you began, within 15 minutes:"},
		LinkText: "Or open this in the same browser", Link: l.linkTo("/login/link", c, s), Closing: []string{ignoreIt},
	}
}

func (l *Login) signUpLetter(to string, c store.Challenge, s secrets) mail.Letter {
	return mail.Letter{
		To: to, Title: "Confirm your address", Until: c.Expires, Code: spaced(s.code),
		Lines:    []string{"Somebody, probably you, wants to make an account with this address. Type this code where you began, within 15 minutes:"},
		LinkText: "Or open this in the same browser", Link: l.linkTo("/login/link", c, s), Closing: []string{ignoreIt},
	}
}

// takenLetter tells the owner of an address that they have an account, and the person who asked nothing.
func (l *Login) takenLetter(to string, c store.Challenge) mail.Letter {
	return mail.Letter{
		To: to, Title: "You have an account already", Until: c.Expires,
		Lines:    []string{"Somebody, probably you, wanted to make an account with this address. There is one already: sign in with it."},
		LinkText: "Sign in", Link: l.Issuer + "/login", Closing: []string{"If this was not you, ignore this mail. Nothing was changed."},
	}
}

func (l *Login) verifyLetter(to string, c store.Challenge, s secrets) mail.Letter {
	return mail.Letter{
		To: to, Title: "Confirm your address", Until: c.Expires, Code: spaced(s.code),
		Lines:    []string{"To confirm that this address is yours, type this code where you began, within 15 minutes:"},
		LinkText: "Or open this in the same browser", Link: l.linkTo("/login/link", c, s), Closing: []string{ignoreIt},
	}
}

func (l *Login) resetLetter(to string, c store.Challenge, s secrets) mail.Letter {
	return mail.Letter{
		To: to, Title: "Choose a new password", Until: c.Expires,
		Lines:    []string{"Somebody, probably you, wants to choose a new password for the account with this address. The link works once, within 15 minutes."},
		LinkText: "Choose a new password", Link: l.linkTo("/login/reset/new", c, s),
		Closing: []string{"If this was not you, ignore this mail. Your password stays what it is."},
	}
}

// factorLetter is about a second factor that came or went.
func (l *Login) factorLetter(to, title, what string) mail.Letter {
	return mail.Letter{
		To: to, Title: title, Lines: []string{what + " just now, on the account page of the account with this address."},
		LinkText: "If this was not you, look at how you sign in", Link: l.Issuer + "/account/login",
	}
}

// chosenLetter is about a password that somebody chose on their account page.
func (l *Login) chosenLetter(to string) mail.Letter {
	return mail.Letter{
		To: to, Title: "Your password was changed",
		Lines:    []string{"The password of the account with this address was changed just now, on its account page. Every other browser was signed out. The apps you had connected keep their access."},
		LinkText: "If this was not you, choose another one", Link: l.Issuer + "/login/reset",
	}
}

// passkeyLetter is about a passkey that somebody added on their account page.
func (l *Login) passkeyLetter(to string) mail.Letter {
	return mail.Letter{
		To: to, Title: "A passkey was added to your account",
		Lines:    []string{"A passkey was added just now to the account with this address, on its account page. Whoever holds it can sign in."},
		LinkText: "If this was not you, remove it", Link: l.Issuer + "/account/login",
	}
}

func (l *Login) changedLetter(to string) mail.Letter {
	return mail.Letter{
		To: to, Title: "Your password was changed",
		Lines:    []string{"The password of the account with this address was changed just now. You were signed out everywhere, and the apps you had connected were disconnected."},
		LinkText: "If this was not you, choose another one", Link: l.Issuer + "/login/reset",
	}
}
