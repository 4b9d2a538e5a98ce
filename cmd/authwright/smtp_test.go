package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldb"
)

// smtpCommand is `smtp FOLDER [REFUSED …]` in a script: it starts a mail server at port $SMTP, which keeps a mail in a file
// of the folder that is called like its recipient, and refuses some.
func smtpCommand(ts *testscript.TestScript, _ bool, args []string) {
	folder := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(folder, 0o700))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("SMTP", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the script is over
			}
			go takeMail(conn, folder, args[1:])
		}
	}()
}

// takeMail is one connection (RFC 5321).
func takeMail(conn net.Conn, folder string, refused []string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	say := func(answer string) { fmt.Fprint(conn, answer, "\r\n") }
	say("220 ready")
	for to := ""; ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, rest, _ := strings.Cut(strings.TrimSpace(line), " "); strings.ToUpper(verb) {
		case "RCPT":
			_, rest, _ = strings.Cut(rest, "<")
			to, _, _ = strings.Cut(rest, ">")
			for _, one := range refused {
				if to == one {
					to = ""
				}
			}
			say(map[bool]string{true: "250 fine", false: "550 nobody of that name"}[to != ""])
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for line := ""; line != ".\r\n"; text.WriteString(line) {
				if line, err = in.ReadString('\n'); err != nil {
					return
				}
			}
			if os.WriteFile(filepath.Join(folder, to), []byte(text.String()), 0o600) != nil {
				say("451 no room")
				continue
			}
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 fine")
		}
	}
}

// askCommand is `ask ORG CLIENT EMAIL …` in a script: these members ask an organization to let an app in.
func askCommand(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	db, err := sqldb.Open(ctx, "sqlite:"+ts.MkAbs("a.db"), sqldb.KeepSchema())
	ts.Check(err)
	st := db.For("default")
	for _, email := range args[2:] {
		p, err := st.PersonByEmail(ctx, email)
		ts.Check(err)
		ts.Check(st.AskApproval(ctx, store.Approval{Org: store.OrgID(args[0]), Client: store.ClientID(args[1]), Person: p.ID, AskedAt: time.Now()}))
	}
	ts.Check(errors.Join(err, db.Close()))
}
