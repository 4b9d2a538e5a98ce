package domains

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
)

func TestCanonical(t *testing.T) {
	for _, tt := range []struct{ name, domain, want string }{
		{"plain", "example.com", "example.com"},
		{"upper case", "Example.COM", "example.com"},
		{"another script", "Bücher.example", "xn--bcher-kva.example"},
		{"decomposed", "Bu\u0308cher.example", "xn--bcher-kva.example"},
		{"full-width letters", "ｅｘａｍｐｌｅ.com", "example.com"},
		{"a trailing dot", "example.com.", ""},
		{"an address", "192.0.2.1", ""},
		{"nothing", "", ""},
		{"an empty label", "example..com", ""},
		{"an underscore, which like would take for anything", "a_b.example", ""},
		{"a percent sign", "%.example", ""},
		{"a space", "exa mple.com", ""},
		{"a whole e-mail address", "ada@example.com", ""},
		{"a URL", "https://example.com", ""},
	} {
		got, err := Canonical(tt.domain)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: Canonical(%q) = %q, %v, want %q", tt.name, tt.domain, got, err, tt.want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{"example.com", "Bücher.example", "a_b.example", "xn--a.example", "\u200d.example", "１.example"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, domain string) {
		once, err := Canonical(domain)
		if err != nil {
			return
		}
		again, err := Canonical(once)
		if err != nil || again != once {
			t.Errorf("Canonical(%q) = %q, but Canonical(%q) = %q, %v", domain, once, once, again, err)
		}
		if strings.Trim(once, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
			t.Errorf("Canonical(%q) = %q, want letters, digits, dots and dashes", domain, once)
		}
	})
}

func TestOwnable(t *testing.T) {
	if !slices.IsSorted(providers) {
		t.Fatal("the mail services are not sorted")
	}
	for _, tt := range []struct{ domain, says string }{
		{"example.com", ""},
		{"mail.example.co.uk", ""},
		{"acme.test", ""},
		{"com", "is a public suffix"},
		{"co.uk", "is a public suffix"},
		{"github.io", "is a public suffix"},
		{"localhost", "is a public suffix"},
		{"gmail.com", "is a mail service"},
		{"me.fastmail.com", "fastmail.com is a mail service"},
		{"notgmail.com", ""},
	} {
		err := Ownable(tt.domain)
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("Ownable(%q) = %v, want %q", tt.domain, err, tt.says)
		}
	}
}

// answering is a DNS that knows these records.
func answering(records map[string][]string) Lookup {
	return func(_ context.Context, name string) ([]string, error) {
		if name == "_authwright.silent.example." {
			return nil, &net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true}
		}
		if len(records[name]) == 0 {
			return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		}
		return records[name], nil
	}
}

func TestFound(t *testing.T) {
	find := answering(map[string][]string{
		"_authwright.acme.example.":  {"v=spf1 -all", "authwright-domain=tok"},
		"_authwright.other.example.": {"authwright-domain=token", "tok", "authwright-domain="},
		"apex.example.":              {"authwright-domain=tok"},
	})
	for _, tt := range []struct {
		name, domain, token string
		want, fails         bool
	}{
		{"the record among others", "acme.example", "tok", true, false},
		{"a record that begins like it", "other.example", "tok", false, false},
		{"a record at the domain itself", "apex.example", "tok", false, false},
		{"a domain without a token", "other.example", "", false, false},
		{"no record", "none.example", "tok", false, false},
		{"a DNS that does not answer", "silent.example", "tok", false, true},
	} {
		got, err := find.Found(t.Context(), store.Domain{Name: tt.domain, Token: tt.token})
		if got != tt.want || (err != nil) != tt.fails {
			t.Errorf("%s: Found(%s) = %t, %v, want %t and an error %t", tt.name, tt.domain, got, err, tt.want, tt.fails)
		}
	}
}

func TestFoundGivesUp(t *testing.T) {
	_, err := Lookup(func(ctx context.Context, _ string) ([]string, error) {
		if _, ok := ctx.Deadline(); !ok {
			return nil, nil
		}
		return nil, context.DeadlineExceeded
	}).Found(t.Context(), store.Domain{Name: "acme.example", Token: "tok"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Found with a DNS that never answers = %v, want a deadline", err)
	}
}

func TestRecheck(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	db := sqldbtest.Open(t)
	st := db.For("default")
	if err := st.CreateOrganization(ctx, store.Organization{ID: "org", Slug: "org", CreatedAt: now}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"here.example", "gone.example", "silent.example"} {
		err := errors.Join(st.AddDomain(ctx, store.Domain{Name: name, Org: "org", Token: "tok", CreatedAt: now}), st.VerifyDomain(ctx, "org", name, now))
		if err != nil {
			t.Fatal(err)
		}
	}
	find := answering(map[string][]string{"_authwright.here.example.": {"authwright-domain=tok"}})
	state := func() string {
		all, err := st.DomainsOf(ctx, "org")
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, d := range all {
			words = append(words, d.Name+" "+d.CheckedAt.Format("02")+map[bool]string{true: " missing " + d.MissingSince.Format("02")}[!d.MissingSince.IsZero()])
		}
		return strings.Join(words, ", ")
	}
	if err := Recheck(ctx, st, find, now.Add(checkEvery)); err != nil {
		t.Errorf("Recheck before anything is due = %v", err)
	}
	if got, want := state(), "gone.example 01, here.example 01, silent.example 01"; got != want {
		t.Errorf("before a day is over: %s, want %s", got, want)
	}
	if err := Recheck(ctx, st, find, now.Add(checkEvery+time.Second)); err == nil {
		t.Error("Recheck with a DNS that does not answer = nil, want its error")
	}
	if got, want := state(), "gone.example 02 missing 02, here.example 02, silent.example 01"; got != want {
		t.Errorf("after a day: %s, want %s", got, want)
	}
}
