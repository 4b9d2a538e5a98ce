//go:build unix

// postgres_unix.go: PostgreSQL refuses to run as root, so root runs it as somebody else.

package storetest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// serverUser is who the server runs as; ok is false when that is who runs the tests.
func serverUser() (uid, gid uint32, ok bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		id, errID := strconv.ParseUint(u.Uid, 10, 32)
		group, errGroup := strconv.ParseUint(u.Gid, 10, 32)
		if errID == nil && errGroup == nil {
			return uint32(id), uint32(group), true
		}
	}
	return 0, 0, false
}

// asServer gives the command the server's user, and a process group of its own: an interrupt of the tests is not for it.
func asServer(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if uid, gid, ok := serverUser(); ok {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
}

func ownByServer(dir string) error {
	if uid, gid, ok := serverUser(); ok {
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			return fmt.Errorf("giving %s to the server's user: %w", dir, err)
		}
	}
	return nil
}
