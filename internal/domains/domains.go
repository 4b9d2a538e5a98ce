// domains.go: the one spelling of a domain, and which ones no organization can have.

// Package domains tells whose a domain is.
//
// An organization shows that a domain is theirs by a TXT record that only who runs the domain can make. What follows
// from it (who joins by an address in the domain, who is trusted for it) is for others to decide.
package domains

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

var errDomain = errors.New("not a domain like example.com")

// profile maps a domain to lower-case A-labels (RFC 5891 §5) and refuses what is none.
var profile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// Canonical brings a domain to the one form in which it is stored and compared. It refuses what the profile lets
// through: a trailing dot, and an address in the place of a name.
func Canonical(domain string) (string, error) {
	domain, err := profile.ToASCII(domain)
	if err != nil {
		return "", errDomain
	}
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if last == "" || strings.Trim(last, "0123456789") == "" {
		return "", errDomain
	}
	return domain, nil
}

// Ownable says why nobody can show that a canonical domain is theirs alone, or nil: strangers to each other have
// addresses in it.
func Ownable(domain string) error {
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return fmt.Errorf("%s is a public suffix: what is below it belongs to many. Name the organization's own domain", domain)
	}
	for name := domain; name != ""; {
		if _, shared := slices.BinarySearch(providers, name); shared {
			return fmt.Errorf("%s is a mail service: its addresses belong to many. Name the organization's own domain", name)
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return nil
}

// providers are mail services that give addresses to everybody, sorted. Below some of them everybody gets a domain too.
var providers = []string{
	"126.com", "163.com", "aim.com", "aol.com", "att.net", "bk.ru", "bluewin.ch", "bt.com", "btinternet.com", "charter.net",
	"comcast.net", "cox.net", "daum.net", "disroot.org", "docomo.ne.jp", "duck.com", "earthlink.net", "email.com", "ezweb.ne.jp",
	"fastmail.com", "fastmail.fm", "foxmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de",
	"gmx.net", "googlemail.com", "hanmail.net", "hey.com", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.es",
	"hotmail.fr", "hotmail.it", "hushmail.com", "icloud.com", "inbox.lv", "inbox.ru", "interia.pl", "juno.com", "kakao.com",
	"laposte.net", "libero.it", "list.ru", "live.co.uk", "live.com", "live.de", "live.fr", "live.nl", "mac.com", "mail.com",
	"mail.de", "mail.ru", "mailbox.org", "mailfence.com", "me.com", "msn.com", "naver.com", "o2.pl", "onet.pl", "optonline.net",
	"orange.fr", "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "passport.com", "pm.me", "posteo.de", "proton.me",
	"protonmail.ch", "protonmail.com", "qq.com", "rambler.ru", "rediffmail.com", "riseup.net", "rocketmail.com", "runbox.com",
	"sapo.pt", "sbcglobal.net", "seznam.cz", "sfr.fr", "sina.com", "sky.com", "sohu.com", "startmail.com", "t-online.de",
	"terra.com.br", "tiscali.it", "tuta.com", "tuta.io", "tutanota.com", "uol.com.br", "verizon.net", "virgilio.it",
	"virginmedia.com", "vk.com", "wanadoo.fr", "web.de", "wp.pl", "ya.ru", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp",
	"yahoo.co.uk", "yahoo.com", "yahoo.com.br", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru",
	"yeah.net", "ymail.com", "zoho.com", "zohomail.com",
}
