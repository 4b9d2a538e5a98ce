package clients

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/authwright/authwright/oauth"
)

func TestFailedDocumentIsLeftAloneForAMoment(t *testing.T) {
	d, c, p := publish(t)
	p.answers(func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusNotFound) })
	if _, err := d.Lookup(t.Context(), p.id("/c.json")); codeOf(err) != oauth.InvalidClient {
		t.Errorf("Lookup of what is not there = %v, want invalid_client", err)
	}
	p.answers(nil)
	if _, err := d.Lookup(t.Context(), p.id("/c.json")); codeOf(err) != oauth.TemporarilyUnavailable {
		t.Errorf("Lookup at once after a failure = %v, want temporarily_unavailable", err)
	}
	p.asked(t, "after two looks at once", 1)
	if _, err := d.Lookup(t.Context(), p.id("/d.json")); err != nil {
		t.Errorf("Lookup of another document of the host = %v, want none", err)
	}
	c.pass(minPause)
	if _, err := d.Lookup(t.Context(), p.id("/c.json")); err != nil {
		t.Errorf("Lookup a moment after the failure = %v, want none: it is there now", err)
	}
}

func TestPausesGrow(t *testing.T) {
	var b brake
	now := newClock().now
	for _, want := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		b.failed("id", now)
		if got := b.pauses["id"].until.Sub(now); got != want*time.Second {
			t.Errorf("the pause is %v, want %ds", got, want)
		}
	}
	b.worked("id")
	b.failed("id", now)
	if got := b.pauses["id"].length; got != minPause {
		t.Errorf("the pause after a success is %v, want %v", got, minPause)
	}
	for i := range 3 * brakeRoom {
		b.failed(strconv.Itoa(i), now)
	}
	if len(b.pauses) > brakeRoom {
		t.Errorf("%d pauses are kept, want at most %d", len(b.pauses), brakeRoom)
	}
}

func TestNewDocumentsComeAtAPace(t *testing.T) {
	d, c, p := publish(t)
	d.Documents.Pace = Rate{PerSecond: 1, Burst: 3}
	known := p.id("/known.json")
	if _, err := d.Lookup(t.Context(), known); err != nil {
		t.Fatal(err)
	}
	for i, want := range []oauth.Code{"", "", oauth.TemporarilyUnavailable, oauth.TemporarilyUnavailable} {
		if _, err := d.Lookup(t.Context(), p.id(fmt.Sprintf("/%d.json", i))); codeOf(err) != want {
			t.Errorf("Lookup of new document %d = %v, want %q", i, err, want)
		}
	}
	p.asked(t, "after five documents", 3)
	d.Documents.Known = &Known{clients: []knownClient{{Name: "Famous", Documents: []string{p.URL + "/famous.json"}}}}
	if _, err := d.Lookup(t.Context(), p.id("/famous.json")); err != nil {
		t.Errorf("Lookup of a well-known client meanwhile = %v, want none", err)
	}
	d.Documents.Pace = Rate{PerSecond: 1e-9, Burst: 1}
	d.Documents.brake.sites = nil
	if _, err := d.Lookup(t.Context(), p.id("/last.json")); err != nil {
		t.Fatal(err)
	}
	c.pass(20 * time.Minute)
	if _, err := d.Lookup(t.Context(), known); err != nil {
		t.Errorf("Lookup of a client that was known before, when it is not fresh any more = %v, want none", err)
	}
}

func TestSite(t *testing.T) {
	for host, want := range map[string]string{
		"app.example.com": "example.com", "a.b.example.co.uk:8443": "example.co.uk", "evil.vercel.app": "evil.vercel.app",
		"localhost:80": "localhost", "127.0.0.1:80": "127.0.0.1",
	} {
		if got := site(host); got != want {
			t.Errorf("site(%q) = %q, want %q", host, got, want)
		}
	}
}

func TestNewReadingsLeaveRoomForKnownClients(t *testing.T) {
	var b brake
	now := newClock().now
	var done []func()
	for i := range newAtOnce {
		end, err := b.pass(strconv.Itoa(i), fmt.Sprintf("%d.example", i), false, Rate{}, now)
		if err != nil {
			t.Fatalf("reading %d = %v, want none", i, err)
		}
		done = append(done, end)
	}
	if _, err := b.pass("more", "more.example", false, Rate{}, now); codeOf(err) != oauth.TemporarilyUnavailable {
		t.Errorf("one reading more = %v, want temporarily_unavailable", err)
	}
	if _, err := b.pass("known", "more.example", true, Rate{}, now); err != nil {
		t.Errorf("a reading of a known client meanwhile = %v, want none", err)
	}
	done[0]()
	if _, err := b.pass("more", "more.example", false, Rate{}, now); err != nil {
		t.Errorf("a reading after one has ended = %v, want none", err)
	}
}
