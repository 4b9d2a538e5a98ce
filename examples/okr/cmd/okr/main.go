// Command okr runs the OKR example.
//
//	go run ./examples/okr/cmd/okr -issuer http://127.0.0.1:8080
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/authwright/authwright/examples/okr"
)

func main() {
	issuer := flag.String("issuer", "http://127.0.0.1:8080", "the authorization server")
	listen := flag.String("listen", "127.0.0.1:8092", "where to listen")
	resource := flag.String("resource", "", "the server's URL, as clients know it (default http://LISTEN/okr/mcp)")
	flag.Parse()
	if *resource == "" {
		*resource = "http://" + *listen + "/okr/mcp"
	}
	server, err := okr.New(okr.Config{
		Resource:       *resource,
		Issuer:         *issuer,
		AllowedOrigins: []string{"http://127.0.0.1:*", "http://localhost:*", "http://[::1]:*"},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	server.Mount(mux)
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("MCP server %s, page in the folder above it", *resource)
	log.Fatal((&http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}).Serve(listener))
}
