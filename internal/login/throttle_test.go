package login

import (
	"net/http"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
)

func TestDelaysGrowAndEnd(t *testing.T) {
	for _, tt := range []struct {
		name     string
		limit    limit
		failures int
		want     time.Duration
	}{
		{"the first four are free", nearLimit, 4, 0},
		{"the fifth costs", nearLimit, 5, 5 * time.Second},
		{"the sixth costs twice as much", nearLimit, 6, 10 * time.Second},
		{"the twelfth", nearLimit, 12, 640 * time.Second},
		{"nobody waits longer than 15 minutes", nearLimit, 13, 15 * time.Minute},
		{"nor after very many", nearLimit, 1 << 40, 15 * time.Minute},
		{"the account alone waits 30 seconds at most", accountLimit, 1000, 30 * time.Second},
		{"a network may fail often", networkLimit, 99, 0},
		{"but not for ever", networkLimit, 100, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.limit.delay(tt.failures); got != tt.want {
				t.Errorf("%+v.delay(%d) = %v, want %v", tt.limit, tt.failures, got, tt.want)
			}
		})
	}
}

// A script of attempts: who tries from where, after how long, and what comes back.
type try struct {
	name   string
	after  time.Duration
	from   string
	email  string
	secret string
	status int
	wait   int // seconds in Retry-After
}

const (
	here, there, near = "192.0.2.7", "198.51.100.9", "192.0.2.200"
	ada, zoe          = "ada@example.com", "zoe@example.com"
)

func run(t *testing.T, w *world, b *person, script []try) {
	t.Helper()
	for _, step := range script {
		w.now = w.now.Add(step.after)
		w.from = netip.MustParseAddr(step.from)
		rec := b.signIn("", step.email, step.secret)
		wait, _ := strconv.Atoi(rec.Header().Get("Retry-After"))
		if rec.Code != step.status || wait != step.wait {
			t.Fatalf("%s: POST /login = %d, Retry-After %d, want %d, %d", step.name, rec.Code, wait, step.status, step.wait)
		}
		delete(b.cookies, "__Host-aw-session")
	}
}

func fail(n int, email, from string) []try {
	script := make([]try, n)
	for i := range script {
		script[i] = try{name: "failure " + strconv.Itoa(i+1), from: from, email: email, secret: "wrong", status: http.StatusUnprocessableEntity}
	}
	return script
}

func TestGuessingGetsSlower(t *testing.T) {
	const wrong, right, ok, no, later = "wrong", password, http.StatusSeeOther, http.StatusUnprocessableEntity, http.StatusTooManyRequests
	for _, tt := range []struct {
		name   string
		script []try
	}{
		{"the right password waits too, and is not looked at", append(fail(5, ada, here),
			try{"at once", 0, here, ada, right, later, 5},
			try{"half a second early", 4500 * time.Millisecond, here, ada, right, later, 1},
			try{"in time", 500 * time.Millisecond, here, ada, right, ok, 0},
		)},
		{"attempts during the delay are not counted", append(fail(5, ada, here),
			try{"early", 0, here, ada, wrong, later, 5},
			try{"early again", time.Second, here, ada, wrong, later, 4},
			try{"in time", 4 * time.Second, here, ada, wrong, no, 0},
			try{"the sixth failure doubles it", 0, here, ada, wrong, later, 10},
		)},
		{"the same network meets the same counter", append(fail(5, ada, here),
			try{"a neighbour", 2 * time.Second, near, ada, right, later, 3},
		)},
		{"another network meets the account's counter only", append(fail(5, ada, here),
			try{"elsewhere", 500 * time.Millisecond, there, ada, right, later, 1},
			try{"elsewhere, a second later", 500 * time.Millisecond, there, ada, right, ok, 0},
		)},
		{"a spelling of the address is no other account", append(fail(4, ada, here),
			try{"upper case", 0, here, "ADA@Example.COM", wrong, no, 0},
			try{"plain", 0, here, ada, right, later, 5},
		)},
		{"another account is not slowed", append(fail(5, zoe, here),
			try{"ada", 0, here, ada, right, ok, 0},
		)},
		{"a success clears the counters", append(append(fail(4, ada, here),
			try{"right", 0, here, ada, right, ok, 0}), append(fail(4, ada, there),
			try{"still free", 0, there, ada, wrong, no, 0})...)},
		{"failures are forgotten after a day's half", append(fail(5, ada, here),
			try{"next morning", memory, here, ada, wrong, no, 0},
			try{"it is the first again", 0, here, ada, wrong, no, 0},
		)},
		{"an account that is not there slows down as well", append(fail(5, zoe, here),
			try{"sixth", 0, here, zoe, wrong, later, 5},
		)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			for i, step := range tt.script {
				run(t, w, b, tt.script[i:i+1])
				if step.status == ok {
					delete(b.cookies, "__Host-aw-device") // these are strangers' browsers
				}
			}
		})
	}
}

func TestOneNetworkTryingAllAccountsIsSlowed(t *testing.T) {
	w := newWorld(t)
	counters := countersFor("nobody@example.com", w.from, "")
	for range 100 {
		if err := countFailure(t.Context(), w.store, "", counters[2:], w.now); err != nil {
			t.Fatal(err)
		}
	}
	run(t, w, w.browser(), []try{
		{"an account nobody tried", 0, here, ada, password, http.StatusTooManyRequests, 1},
		{"from elsewhere", 0, there, ada, password, http.StatusSeeOther, 0},
	})
	run(t, w, w.browser(), []try{
		{"a second later", time.Second, here, ada, password, http.StatusSeeOther, 0},
		{"the next failure", 0, here, zoe, "wrong", http.StatusUnprocessableEntity, 0},
		{"logging in did not clear the network", 0, here, zoe, "wrong", http.StatusTooManyRequests, 2},
	})
}

func TestTheOwnersBrowserIsNotSlowedByStrangers(t *testing.T) {
	w := newWorld(t)
	owner, stranger := w.browser(), w.browser()
	run(t, w, owner, []try{{"the owner was here before", 0, here, ada, password, http.StatusSeeOther, 0}})
	run(t, w, stranger, fail(5, ada, here))
	run(t, w, stranger, []try{{"the stranger waits", 0, here, ada, password, http.StatusTooManyRequests, 5}})
	run(t, w, owner, []try{{"the owner does not", 0, here, ada, password, http.StatusSeeOther, 0}})

	run(t, w, owner, fail(5, ada, here))
	run(t, w, owner, []try{{"the owner's own failures count", 0, here, ada, password, http.StatusTooManyRequests, 5}})
	stolen := owner.cookies["__Host-aw-device"]
	w.now = w.now.Add(time.Minute)
	if err := w.store.SetPassword(t.Context(), "per_ada", hashPassword("new"), false, w.now); err != nil {
		t.Fatal(err)
	}
	person, _ := w.store.Person(t.Context(), "per_ada")
	if knownDevice(stolen, person) != "" {
		t.Error("a device stays known when the password is replaced, want it forgotten")
	}
}

func TestADeviceIsKnownForItsPeopleOnly(t *testing.T) {
	ada := store.Person{ID: "per_ada", Password: "hash a"}
	bob := store.Person{ID: "per_bob", Password: "hash b"}
	both := addDevice(addDevice("", ada), bob)
	if knownDevice(both, ada) == "" || knownDevice(both, bob) == "" {
		t.Errorf("knownDevice(%q) knows ada %t, bob %t, want both", both, knownDevice(both, ada) != "", knownDevice(both, bob) != "")
	}
	for name, tt := range map[string]struct {
		cookie string
		person store.Person
	}{
		"nobody":                    {"", ada},
		"somebody else":             {addDevice("", bob), ada},
		"the same hash, another id": {addDevice("", ada), store.Person{ID: "per_eve", Password: ada.Password}},
		"no password to prove with": {addDevice("", store.Person{ID: "per_eve"}), store.Person{ID: "per_eve"}},
		"no account":                {both, store.Person{}},
		"noise":                     {"....x.!", ada},
	} {
		if got := knownDevice(tt.cookie, tt.person); got != "" {
			t.Errorf("%s: knownDevice(%q, %v) = %x, want none", name, tt.cookie, tt.person.ID, got)
		}
	}
	cookie := both
	for i := range 20 {
		cookie = addDevice(cookie, store.Person{ID: store.PersonID(strconv.Itoa(i)), Password: "x"})
	}
	if len(cookie) > 400 || knownDevice(cookie, ada) != "" {
		t.Errorf("after 20 more people the cookie has %d bytes and knows ada %t, want it short and ada forgotten", len(cookie), knownDevice(cookie, ada) != "")
	}
}
