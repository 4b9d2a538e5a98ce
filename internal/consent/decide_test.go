package consent

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
	"github.com/google/go-cmp/cmp"
)

func TestAnAnswerIsRecordedAndTheFlowGoesOn(t *testing.T) {
	for _, tt := range []struct {
		answer string
		want   store.Decision
		kept   bool
	}{
		{"allow", store.Decision{Verdict: store.Allowed, Scope: store.Scope{"todo.read", "todo.write"}, Person: "per_ada"}, true},
		{"deny", store.Decision{Verdict: store.Denied, Person: "per_ada"}, false},
	} {
		t.Run(tt.answer, func(t *testing.T) {
			w := newWorld(t)
			ada := w.signedIn("per_ada")
			c := w.client("app", store.SelfRegister, "Notes", "https://app.example/cb")
			id := ada.request(c, nil)
			rec := ada.do(http.MethodPost, "/consent", ada.form(id, tt.answer))
			if got, want := rec.Header().Get("Location"), issuer+"/authorize/continue?request="+string(id); rec.Code != http.StatusSeeOther || got != want {
				t.Fatalf("POST /consent = %d to %q, want 303 to %q\n%s", rec.Code, got, want, rec.Body)
			}
			if diff := cmp.Diff(tt.want, ada.decision(id)); diff != "" {
				t.Errorf("the decision recorded is not the one given (-want +got):\n%s", diff)
			}
			got, kept := ada.allowed(c)
			if kept != tt.kept || kept && (got.Scope.String() != "todo.read todo.write" || got.MetadataHash != c.MetadataHash) {
				t.Errorf("the consent kept is %+v, %v, want it kept %v with scopes and the hash of what was shown", got, kept, tt.kept)
			}
		})
	}
}

func TestTheFormCountsOnlyAsItWasShown(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn("per_ada")
	c := w.client("app", store.SelfRegister, "Notes", "https://app.example/cb")
	id := ada.request(c, nil)
	good := ada.form(id, "allow")
	with := func(name, value string) url.Values {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form.Set(name, value)
		return form
	}
	refused := ada.request(c, func(r *store.Request) { r.Refusal = oauth.Errorf(oauth.InvalidScope, "x") })
	for _, tt := range []struct {
		name, path string
		form       url.Values
	}{
		{"no token", "/consent", with("token", "")},
		{"a wrong token", "/consent", with("token", browser.NewToken())},
		{"the token of another browser", "/consent", with("token", w.signedIn("per_ada").visitor().FormToken(askForm, string(id)))},
		{"the token of another request", "/consent", with("request", string(ada.request(c, nil)))},
		{"no answer", "/consent", with("decision", "")},
		{"an answer that is neither", "/consent", with("decision", "yes")},
		{"the other form's address", "/consent/return", good},
		{"yes to what was refused", "/consent", url.Values{"request": {string(refused)}, "decision": {"allow"}, "token": fieldsOf(t, ada.page(refused))["token"]}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := ada.do(http.MethodPost, tt.path, tt.form)
			if rec.Code != http.StatusForbidden || rec.Header().Get("Location") != "" {
				t.Errorf("POST %s = %d, Location %q, want 403\n%s", tt.path, rec.Code, rec.Header().Get("Location"), rec.Body)
			}
		})
	}
	if _, kept := ada.allowed(c); kept || ada.decision(id).Verdict != "" || ada.decision(refused).Verdict != "" {
		t.Error("something was decided or kept, want nothing")
	}
	if rec := ada.do(http.MethodPost, "/consent", good); rec.Code != http.StatusSeeOther {
		t.Errorf("POST /consent with the form as shown = %d, want 303", rec.Code)
	}
}

func TestAnAnswerIsToWhatWasShown(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *world, *person, store.Client){
		"the client describes itself anew": func(t *testing.T, w *world, _ *person, c store.Client) {
			c, err := w.store.Client(t.Context(), c.ID)
			w.must(err)
			c.Metadata.ClientName, c.MetadataHash = "Claude", store.DigestOf("Claude")
			w.must(w.store.UpdateClient(t.Context(), c))
		},
		"the resource is another": func(t *testing.T, w *world, _ *person, _ store.Client) {
			w.must(w.store.PutResource(t.Context(), store.Resource{URI: resource, Name: "Payments"}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ada := w.signedIn("per_ada")
			c := w.client("app", store.SelfRegister, "Notes", "https://app.example/cb")
			id := ada.request(c, nil)
			form := ada.form(id, "allow")
			change(t, w, ada, c)
			if rec := ada.do(http.MethodPost, "/consent", form); rec.Code != http.StatusForbidden || ada.decision(id).Verdict != "" {
				t.Errorf("POST /consent = %d, decided %q, want 403 and nothing decided", rec.Code, ada.decision(id).Verdict)
			}
		})
	}
}

func TestAnAnswerIsTakenOnce(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn("per_ada")
	c := w.client("app", store.SelfRegister, "Notes", "https://app.example/cb")
	id := ada.request(c, nil)
	no, yes := ada.form(id, "deny"), ada.form(id, "allow")
	ada.do(http.MethodPost, "/consent", no)
	rec := ada.do(http.MethodPost, "/consent", yes)
	if _, kept := ada.allowed(c); ada.decision(id).Verdict != store.Denied || kept {
		t.Errorf("allow after deny recorded %q, consent kept %v, want the no to stand", ada.decision(id).Verdict, kept)
	}
	if got := rec.Header().Get("Location"); got != issuer+"/authorize/continue?request="+string(id) {
		t.Errorf("the second answer went to %q, want back into the flow", got)
	}
	w.must(w.store.DropRequest(t.Context(), id, ada.visitor().Digest()))
	if rec := ada.do(http.MethodPost, "/consent", yes); rec.Code != http.StatusBadRequest {
		t.Errorf("an answer to a finished request = %d, want 400", rec.Code)
	}
}

func TestNobodyAnswersForAnother(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.signedIn("per_ada"), w.signedIn("per_bob")
	c := w.client("app", store.SelfRegister, "Notes", "https://app.example/cb")
	id := ada.request(c, nil)
	form := ada.form(id, "allow")

	t.Run("in another browser", func(t *testing.T) {
		for _, rec := range []int{bob.page(id).Code, bob.do(http.MethodPost, "/consent", form).Code} {
			if rec != http.StatusBadRequest {
				t.Errorf("another browser got %d, want 400", rec)
			}
		}
	})
	t.Run("with another session in the same browser", func(t *testing.T) {
		ada.signInAs("per_bob")
		for _, rec := range []*http.Response{ada.page(id).Result(), ada.do(http.MethodPost, "/consent", form).Result()} {
			if got := rec.Header.Get("Location"); got != issuer+"/login?request="+string(id) {
				t.Errorf("bob on ada's request = %d to %q, want the sign-in", rec.StatusCode, got)
			}
		}
	})
	t.Run("signed out", func(t *testing.T) {
		delete(ada.cookies, "__Host-aw-session")
		if rec := ada.do(http.MethodPost, "/consent", form); rec.Header().Get("Location") != issuer+"/login?request="+string(id) {
			t.Errorf("POST /consent signed out = %d, want the sign-in", rec.Code)
		}
	})
	t.Run("when it is over", func(t *testing.T) {
		ada.signInAs("per_ada")
		ada.now = ada.now.Add(30 * time.Minute)
		if rec := ada.do(http.MethodPost, "/consent", form); rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" {
			t.Errorf("POST /consent when the request is over = %d, want 400", rec.Code)
		}
		ada.now = ada.now.Add(-30 * time.Minute)
	})
	if ada.decision(id).Verdict != "" {
		t.Errorf("the request was decided %q, want nobody to have", ada.decision(id).Verdict)
	}
}

func TestARefusedRequestEndsOnlyWhenThePersonAgrees(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn("per_ada")
	c := w.client("app", store.SelfRegister, "Notes", "https://collect.example/cb")
	id := ada.request(c, func(r *store.Request) {
		r.Refusal, r.Resource, r.Scope = oauth.Errorf(oauth.InvalidTarget, "no <b>such</b> resource"), "", nil
	})
	rec := ada.page(id)
	page := text(t, rec)
	for _, want := range []string{"Return to collect.example", "You would go to collect.example", "invalid_target"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page reads %q, want %q in it", page, want)
		}
	}
	if strings.Contains(page, "such") || strings.Contains(rec.Body.String(), `value="allow"`) {
		t.Errorf("the page repeats the refusal's words or offers to allow:\n%s", rec.Body)
	}
	if got := rec.Header().Get("Content-Security-Policy"); !strings.HasSuffix(got, "form-action 'self' https://collect.example") {
		t.Errorf("policy = %q, want the form to be let through to https://collect.example", got)
	}
	if rec := ada.do(http.MethodPost, "/consent/return", url.Values{"request": {string(id)}}); rec.Code != http.StatusForbidden {
		t.Errorf("POST /consent/return without token = %d, want 403", rec.Code)
	}
	rec = ada.do(http.MethodPost, "/consent/return", fieldsOf(t, rec))
	if got := rec.Header().Get("Location"); got != issuer+"/authorize/continue?request="+string(id) || ada.decision(id).Verdict != store.Denied {
		t.Errorf("POST /consent/return = %d to %q, verdict %q, want the flow to go on with a no", rec.Code, got, ada.decision(id).Verdict)
	}
}

func TestDecide(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	before := now.Add(-time.Hour)
	base := question{
		request: store.Request{Client: "app", RedirectURI: "http://127.0.0.1:5000/cb", Resource: resource, Scope: store.Scope{"b"}},
		person:  store.Person{ID: "per_ada"},
		place:   place{may: store.Scope{"b"}},
	}
	base.client.MetadataHash = store.DigestOf("today")
	key := store.ConsentKey{Person: "per_ada", Client: "app", RedirectHost: "127.0.0.1", Resource: resource}
	inAcme := key
	inAcme.Org = "acme"
	with := func(change func(*question)) question {
		q := base
		change(&q)
		return q
	}
	for _, tt := range []struct {
		name    string
		q       question
		verdict store.Verdict
		want    *store.Consent
		fails   bool
	}{
		{"a first yes", base, store.Allowed, &store.Consent{ConsentKey: key, Scope: store.Scope{"b"}, MetadataHash: store.DigestOf("today"), CreatedAt: now, UpdatedAt: now}, false},
		{"a yes to more keeps what was allowed", with(func(q *question) {
			q.earlier = store.Consent{ConsentKey: key, Scope: store.Scope{"a"}, MetadataHash: store.DigestOf("today"), CreatedAt: before}
		}), store.Allowed, &store.Consent{ConsentKey: key, Scope: store.Scope{"a", "b"}, MetadataHash: store.DigestOf("today"), CreatedAt: before, UpdatedAt: now}, false},
		{"a yes to a changed client begins anew", with(func(q *question) {
			q.earlier = store.Consent{ConsentKey: key, Scope: store.Scope{"a"}, MetadataHash: store.DigestOf("yesterday"), CreatedAt: before}
		}), store.Allowed, &store.Consent{ConsentKey: key, Scope: store.Scope{"b"}, MetadataHash: store.DigestOf("today"), CreatedAt: now, UpdatedAt: now}, false},
		{"a yes is for the organization and for what may be given there", with(func(q *question) {
			q.request.Scope, q.place.mayNot = store.Scope{"b", "c"}, store.Scope{"c"}
			q.place.org.ID = "acme"
		}), store.Allowed, &store.Consent{ConsentKey: inAcme, Scope: store.Scope{"b"}, MetadataHash: store.DigestOf("today"), CreatedAt: now, UpdatedAt: now}, false},
		{"a yes where nothing may be given", with(func(q *question) { q.place = place{blocked: "no"} }), store.Allowed, nil, true},
		{"a no gives nothing", base, store.Denied, nil, false},
		{"no answer", base, store.Undecided, nil, true},
		{"another word", base, "maybe", nil, true},
		{"a yes to what was refused", with(func(q *question) { q.request.Refusal = oauth.Errorf(oauth.InvalidScope, "x") }), store.Allowed, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, got, err := decide(tt.q, tt.verdict, now)
			if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.fails {
				t.Errorf("decide(%q) = %+v, %v, consent (-want +got):\n%s", tt.verdict, d, err, diff)
			}
			if err == nil && (d.Verdict != tt.verdict || d.Person != "per_ada" || (tt.verdict == store.Allowed) != (d.Scope.String() == "b")) {
				t.Errorf("decide(%q) = %+v, want the verdict, ada, and the scopes shown only for a yes", tt.verdict, d)
			}
		})
	}
}
