package authwrighttest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/authwright/authwright/authwrighttest"
)

// echo tells what arrived.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Authorized", r.Header.Get("Authorization"))
	w.WriteHeader(http.StatusAccepted)
	w.Header().Set("Late", "not sent")
	io.WriteString(w, r.Method+" "+r.Host+r.RequestURI+" "+string(body))
})

func TestARequestArrivesWithItsToken(t *testing.T) {
	for token, want := range map[string]string{"": "", "abc": "Bearer abc"} {
		request, err := http.NewRequestWithContext(t.Context(), "POST", "https://mcp.example.com/mcp?a=b", strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := authwrighttest.HTTPClient(echo, token).Do(request)
		if err != nil {
			t.Fatalf("Do with the token %q: %v", token, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.Status != "202 Accepted" || string(body) != "POST mcp.example.com/mcp?a=b hello" {
			t.Errorf("Do with the token %q = %s %q, %v", token, resp.Status, body, err)
		}
		if got := resp.Header.Get("Authorized"); got != want || resp.Header.Get("Late") != "" {
			t.Errorf("Do with the token %q: the handler saw Authorization %q, want %q; the head is %v", token, got, want, resp.Header)
		}
		if got := request.Header.Get("Authorization"); got != "" {
			t.Errorf("Do put Authorization %q into the caller's request", got)
		}
	}
}

// A handler that writes nothing answers 200, as over a network.
func TestAnAnswerOfNothing(t *testing.T) {
	resp, err := authwrighttest.HTTPClient(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "").Get("https://mcp.example.com/")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("Get = %v, %v, want 200", resp, err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || len(body) != 0 {
		t.Errorf("the body is %q, %v, want nothing", body, err)
	}
}

// A stream is read while it is written, and ends for the handler when its reader is gone.
func TestAStreamIsReadWhileItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		stream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			io.WriteString(w, "first")
			<-r.Context().Done()
			_, err := io.WriteString(w, "second")
			ended <- err
		})
		ctx, cancel := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, "GET", "https://mcp.example.com/mcp", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := authwrighttest.HTTPClient(stream, "").Do(request)
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 5)
		if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first" {
			t.Errorf("while the handler runs: %q, %v, want first", first, err)
		}
		cancel()
		resp.Body.Close()
		if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("writing to nobody: %v, want %v", err, io.ErrClosedPipe)
		}
	})
}

// A caller who waits no longer for a handler that says nothing gets the reason.
func TestACallerMayGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		silent := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			cancel()
			synctest.Wait()
		})
		request, err := http.NewRequestWithContext(ctx, "GET", "https://mcp.example.com/mcp", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := authwrighttest.HTTPClient(silent, "").Do(request); !errors.Is(err, context.Canceled) {
			t.Errorf("Do = %v, want %v", err, context.Canceled)
		}
	})
}
