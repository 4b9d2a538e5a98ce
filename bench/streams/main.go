// Command streams opens idle streams through the Go middleware and says what they cost in memory.
//
//	go run ./bench/streams -n 10000
//
// The protected server is a process of its own; every stream has its own connection and its own token.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
)

const path = "/mcp"

// How the child serves.
const (
	bare       = "bare"       // without the middleware, to compare
	signature  = "signature"  // the middleware checks signatures
	introspect = "introspect" // and has the issuer asked about every stream
)

func main() {
	n := flag.Int("n", 10000, "streams")
	serveFor := flag.String("serve", "", "be the protected server of this issuer")
	how := flag.String("how", signature, "bare, signature or introspect")
	flag.Parse()
	var err error
	if *serveFor != "" {
		err = serve(*serveFor, *how)
	} else {
		err = measure(*n, *how)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// idle opens a stream and says nothing more until it ends.
var idle = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, ": connected\n\n")
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	<-r.Context().Done()
})

// serve is the child: it says where it listens and serves until it is ended.
func serve(issuer, how string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	cfg := authwright.Config{Resource: "http://" + l.Addr().String() + path, Issuer: issuer, Scopes: []string{"todo.read"}}
	if how == introspect {
		cfg.Introspection = &authwright.Introspection{
			ClientID: authwrighttest.IntrospectionClient, ClientSecret: authwrighttest.IntrospectionSecret, Every: 30 * time.Second,
		}
	}
	resource, err := authwright.New(cfg)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	if how == bare {
		mux.Handle(path, idle)
	} else {
		resource.Mount(mux, idle)
	}
	fmt.Println(l.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(l)
}

// measure starts the server, opens the streams and reads the server's resident memory before and after.
func measure(n int, how string) error {
	issuers, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := authwrighttest.New("http://" + issuers.Addr().String())
	go http.Serve(issuers, issuer) // ends with the program

	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.Command(self, "-serve", issuer.URL, "-how", how)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("waiting for the server: %w", err)
	}
	address := strings.TrimSpace(line)

	before, err := resident(child.Process.Pid)
	if err != nil {
		return err
	}
	began := time.Now()
	streams := make([]net.Conn, 0, n)
	for len(streams) < n {
		conn, err := open(address, issuer.Token("http://"+address+path, authwrighttest.Scope("todo.read"), authwrighttest.ExpiresIn(time.Hour)))
		if err != nil {
			return fmt.Errorf("stream %d: %w", len(streams)+1, err)
		}
		streams = append(streams, conn)
	}
	after, err := resident(child.Process.Pid)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d idle streams in %.1f s: %d MB resident, %d MB before; %.1f KB a stream\n",
		how, n, time.Since(began).Seconds(), after>>10, before>>10, float64(after-before)/float64(n))
	for _, conn := range streams {
		_ = conn.Close()
	}
	return nil
}

// open begins a stream and reads its first event.
func open(address, token string) (net.Conn, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nAuthorization: Bearer %s\r\n\r\n", path, address, token)
	answer := make([]byte, 1024)
	for got := ""; !strings.Contains(got, ": connected"); {
		k, err := conn.Read(answer)
		if err != nil {
			return nil, err
		}
		if got += string(answer[:k]); !strings.HasPrefix(got, "HTTP/1.1 200") {
			return nil, fmt.Errorf("the server answers %.100s", got)
		}
	}
	return conn, nil
}

// resident is the resident memory of a process in KB (proc(5)).
func resident(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kb int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kb); err == nil {
			return kb, nil
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}
