package page

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func newPage() (*Page, http.Handler) {
	p := &Page{Title: "T", Base: "/t/", Groups: func() []Group { return nil }}
	mux := http.NewServeMux()
	p.Mount(mux)
	return p, mux
}

func TestEveryAnswerForbidsWhatThePageDoesNotDo(t *testing.T) {
	_, mux := newPage()
	for _, path := range []string{"/t/", "/t/page.css", "/t/page.js", "/t/icon.svg"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusOK || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("X-Frame-Options") != "DENY" || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("GET %s = %d with headers %v", path, w.Code, w.Header())
		}
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("POST", "/t/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST /t/ = %d, want 405", w.Code)
	}
}

func TestAViewEndsByItselfAndViewersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, mux := newPage()
		began := time.Now()
		done := make(chan time.Duration, maxViewers)
		for range maxViewers {
			go func() {
				mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/t/live", nil))
				done <- time.Since(began)
			}()
		}
		synctest.Wait()
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", "/t/live", nil))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("viewer number %d got %d, want 503", maxViewers+1, w.Code)
		}
		for range maxViewers {
			if lasted := <-done; lasted != viewLife {
				t.Fatalf("a view lasted %v, want %v", lasted, viewLife)
			}
		}
		if p.viewers != 0 {
			t.Errorf("%d viewers remain, want 0", p.viewers)
		}
	})
}
