package clients

import (
	"net/http"
	"testing"
	"time"

	"github.com/authwright/authwright/oauth"
)

func TestDocumentIsReadOnceWhileFresh(t *testing.T) {
	d, c, p := publish(t)
	id := p.id("/c.json")
	look := func(d *Directory) Client {
		t.Helper()
		got, err := d.Lookup(t.Context(), id)
		if err != nil {
			t.Fatalf("Lookup = %v, want none", err)
		}
		return got
	}
	first := look(d)
	c.pass(10 * time.Minute)
	look(d)
	look(&Directory{Store: d.Store, Documents: d.Documents, Now: d.Now}) // another replica, or after a restart
	p.asked(t, "while it was fresh", 1)
	c.pass(5 * time.Minute)
	if again := look(d); again.Version != first.Version || again.MetadataHash != first.MetadataHash {
		t.Errorf("read again unchanged it has version %d and hash %x, want %d and %x", again.Version, again.MetadataHash, first.Version, first.MetadataHash)
	}
	p.asked(t, "after it was fresh", 2)
	p.says(`"client_name":"Plain","redirect_uris":["https://app.example/other"]`)
	c.pass(20 * time.Minute)
	changed := look(d)
	if changed.Version <= first.Version || changed.MetadataHash == first.MetadataHash {
		t.Errorf("changed it has version %d, want more than %d; its hash changed: %v", changed.Version, first.Version, changed.MetadataHash != first.MetadataHash)
	}
	if _, err := changed.RedirectTarget("https://app.example/cb"); codeOf(err) != oauth.InvalidRequest {
		t.Errorf("RedirectTarget of an address that was taken out = %v, want invalid_request", err)
	}
	if got, err := d.Authenticate(t.Context(), nil, oauth.Params{"client_id": string(id)}); err != nil || got.Version != changed.Version {
		t.Errorf("Authenticate sees version %d, %v; want %d", got.Version, err, changed.Version)
	}
}

func TestStaleDocument(t *testing.T) {
	d, c, p := publish(t)
	id := p.id("/c.json")
	form := oauth.Params{"client_id": string(id)}
	if _, err := d.Lookup(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	p.Close()
	c.pass(defaultFresh + time.Minute)
	if _, err := d.Lookup(t.Context(), id); codeOf(err) != oauth.TemporarilyUnavailable {
		t.Errorf("Lookup with the host down = %v, want temporarily_unavailable", err)
	}
	if got, err := d.Authenticate(t.Context(), nil, form); err != nil || got.ID != id {
		t.Errorf("Authenticate a minute after it was fresh = %v, want none", err)
	}
	if _, err := d.Lookup(t.Context(), id); codeOf(err) != oauth.TemporarilyUnavailable {
		t.Errorf("Lookup after Authenticate had the stale document = %v, want temporarily_unavailable", err)
	}
	c.pass(58 * time.Minute)
	if _, err := d.Authenticate(t.Context(), nil, form); err != nil {
		t.Errorf("Authenticate 59 minutes after it was fresh = %v, want none", err)
	}
	c.pass(time.Minute)
	if _, err := d.Authenticate(t.Context(), nil, form); codeOf(err) != oauth.TemporarilyUnavailable {
		t.Errorf("Authenticate an hour after it was fresh = %v, want temporarily_unavailable", err)
	}
}

func TestFreshFor(t *testing.T) {
	now := newClock().now
	date := func(d time.Duration) string { return now.Add(d).UTC().Format(http.TimeFormat) }
	for _, tt := range []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"nothing said", nil, defaultFresh},
		{"max-age", http.Header{"Cache-Control": {"public, max-age=3600"}}, time.Hour},
		{"max-age in quotes and capitals", http.Header{"Cache-Control": {`Max-Age="3600"`}}, time.Hour},
		{"max-age less the age it has", http.Header{"Cache-Control": {"max-age=3600"}, "Age": {"600"}}, 50 * time.Minute},
		{"max-age before Expires", http.Header{"Cache-Control": {"max-age=3600"}, "Expires": {date(5 * time.Hour)}}, time.Hour},
		{"max-age of 0", http.Header{"Cache-Control": {"max-age=0"}}, minFresh},
		{"max-age that is none", http.Header{"Cache-Control": {"max-age=soon"}}, minFresh},
		{"max-age below none", http.Header{"Cache-Control": {"max-age=-5"}}, minFresh},
		{"max-age of a year", http.Header{"Cache-Control": {"max-age=31536000"}}, maxFresh},
		{"max-age beyond numbers", http.Header{"Cache-Control": {"max-age=99999999999999999999"}}, maxFresh},
		{"an age beyond numbers", http.Header{"Cache-Control": {"max-age=60"}, "Age": {"99999999999999999999"}}, minFresh},
		{"no-store", http.Header{"Cache-Control": {"no-store"}}, minFresh},
		{"no-cache in a second header", http.Header{"Cache-Control": {"max-age=3600", "no-cache"}}, minFresh},
		{"Expires", http.Header{"Expires": {date(2 * time.Hour)}}, 2 * time.Hour},
		{"Expires by the host's own clock", http.Header{"Date": {date(-time.Hour)}, "Expires": {date(time.Hour)}}, 2 * time.Hour},
		{"Expires in the past", http.Header{"Expires": {date(-time.Hour)}}, minFresh},
		{"Expires that is no date", http.Header{"Expires": {"0"}}, minFresh},
	} {
		if got := freshFor(tt.header, now); got != tt.want {
			t.Errorf("%s: freshFor(%v) = %v, want %v", tt.name, tt.header, got, tt.want)
		}
	}
}
