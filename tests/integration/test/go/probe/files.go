package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing/fstest"
	"time"
)

func names(entries []os.DirEntry) string {
	list := []string{}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() {
			name += "/"
		}
		list = append(list, name)
	}
	return strings.Join(list, " ")
}

func init() {
	checks["files/of the machine"] = func() error {
		_, err := os.ReadFile("/etc/passwd")
		_, err2 := os.Open("/proc/self/maps")
		_, err3 := os.ReadDir("/sys")
		return all(want(errors.Is(err, fs.ErrNotExist), true), want(errors.Is(err2, fs.ErrNotExist), true), want(errors.Is(err3, fs.ErrNotExist), true))
	}
	checks["files/nothing mounted"] = func() error {
		err := os.WriteFile("/var.txt", nil, 0o600)
		err2 := os.Mkdir("/var", 0o700)
		return all(want(errors.Is(err, fs.ErrPermission), true), want(errors.Is(err2, fs.ErrPermission), true))
	}
	checks["files/root"] = func() error {
		entries, err := os.ReadDir("/")
		return all(err, want(names(entries), "config.txt data/ dev/ memory/ proc/ readonly/"))
	}
	checks["files/embedded"] = func() error {
		content, err := os.ReadFile("/config.txt")
		err2 := os.WriteFile("/config.txt", nil, 0o600)
		return all(err, want(string(content), "embedded\n"), want(errors.Is(err2, fs.ErrPermission), true))
	}
	checks["files/embedded in a memory mount"] = func() error {
		content, err := os.ReadFile("/memory/seed.txt")
		if err != nil {
			return err
		}
		f, err := os.OpenFile("/memory/seed.txt", os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		fmt.Fprint(f, "+")
		f.Close()
		after, err := os.ReadFile("/memory/seed.txt")
		return all(err, want(string(content), "seed"), want(string(after), "seed+"))
	}
	checks["files/host read"] = func() error {
		content, err := os.ReadFile("/data/in.txt")
		info, err2 := os.Stat("/data/in.txt")
		_, err3 := os.Stat("/data/none.txt")
		if err2 != nil {
			return err2
		}
		return all(err, want(string(content), "from the host\n"), want(info.Size(), 14), want(info.Mode().IsRegular(), true),
			want(errors.Is(err3, fs.ErrNotExist), true))
	}
	checks["files/host large read and seek"] = func() error {
		f, err := os.Open("/data/large.bin")
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := io.Copy(io.Discard, f)
		at := make([]byte, 4)
		_, err2 := f.ReadAt(at, 999_996)
		end, err3 := f.Seek(-4, io.SeekEnd)
		rest, err4 := io.ReadAll(f)
		return all(err, err2, err3, err4, want(n, 1_000_000), want(at, []byte{1, 2, 3, 4}), want(end, 999_996), want(rest, at))
	}
	checks["files/host write"] = func() error {
		err := os.WriteFile("/data/out.txt", []byte("from the enclave\n"), 0o644)
		content, err2 := os.ReadFile("/data/out.txt")
		return all(err, err2, want(string(content), "from the enclave\n"))
	}
	checks["files/host append and truncate"] = func() error {
		if err := os.WriteFile("/data/log.txt", []byte("one\n"), 0o644); err != nil {
			return err
		}
		f, err := os.OpenFile("/data/log.txt", os.O_APPEND|os.O_RDWR, 0)
		if err != nil {
			return err
		}
		fmt.Fprint(f, "two\n")
		err2 := f.Sync()
		inside, err3 := os.ReadFile("/data/log.txt")
		err4 := f.Truncate(4)
		info, err5 := f.Stat()
		if err5 != nil {
			return err5
		}
		return all(err2, err3, err4, f.Close(), want(string(inside), "one\ntwo\n"), want(info.Size(), 4))
	}
	checks["files/host exclusive"] = func() error {
		f, err := os.OpenFile("/data/once.txt", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		f.Close()
		_, err = os.OpenFile("/data/once.txt", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		return all(want(errors.Is(err, fs.ErrExist), true), os.Remove("/data/once.txt"))
	}
	checks["files/host replace by rename"] = func() error {
		err := os.WriteFile("/data/new.tmp", []byte("new"), 0o600)
		err2 := os.Rename("/data/new.tmp", "/data/renamed.txt")
		content, err3 := os.ReadFile("/data/renamed.txt")
		_, err4 := os.Stat("/data/new.tmp")
		return all(err, err2, err3, want(string(content), "new"), want(errors.Is(err4, fs.ErrNotExist), true))
	}
	checks["files/host list and walk"] = func() error {
		entries, err := os.ReadDir("/data/folder")
		found := []string{}
		err2 := filepath.WalkDir("/data/folder", func(path string, _ fs.DirEntry, err error) error {
			found = append(found, path)
			return err
		})
		return all(err, err2, want(names(entries), "a.txt sub/"), want(found, "[/data/folder /data/folder/a.txt /data/folder/sub /data/folder/sub/b.txt]"))
	}
	checks["files/host folder that is there"] = func() error {
		return all(os.MkdirAll("/data/folder/sub", 0o700), os.WriteFile("/data/folder/sub/c.txt", nil, 0o600), os.Remove("/data/folder/sub/c.txt"))
	}
	checks["files/host link that leads out"] = func() error {
		_, err := os.ReadFile("/data/out-link")
		return want(errors.Is(err, fs.ErrPermission), true)
	}
	checks["files/host above the mount"] = func() error {
		_, err := os.ReadFile("/data/../../etc/passwd")
		_, err2 := os.ReadFile("/data/folder/../in.txt")
		return all(want(errors.Is(err, fs.ErrNotExist), true), err2)
	}
	checks["files/host read-only"] = func() error {
		content, err := os.ReadFile("/readonly/in.txt")
		err2 := os.WriteFile("/readonly/x", nil, 0o600)
		err3 := os.Remove("/readonly/in.txt")
		return all(err, want(string(content), "fixed"), want(errors.Is(err2, syscall.EROFS), true), want(errors.Is(err3, syscall.EROFS), true))
	}
	checks["files/host across mounts"] = func() error {
		return says(os.Rename("/data/in.txt", "/memory/in.txt"), "invalid cross-device link")
	}
	checks["files/host larger than the mount allows"] = func() error {
		err := os.WriteFile("/data/huge.bin", make([]byte, 3<<20), 0o600)
		return want(errors.Is(err, syscall.EFBIG), true)
	}
	checks["files/memory"] = func() error {
		dir, err := os.MkdirTemp("/memory", "t-*")
		if err != nil {
			return err
		}
		path := filepath.Join(dir, "a", "b", "c.txt")
		err = all(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("deep"), 0o640), os.Symlink("b/c.txt", filepath.Join(dir, "a", "link")),
			os.Link(path, filepath.Join(dir, "hard")), os.Chmod(path, 0o600), os.Chtimes(path, time.Unix(1, 0), time.Unix(2, 0)))
		if err != nil {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, "a", "link"))
		link, err2 := os.Readlink(filepath.Join(dir, "a", "link"))
		info, err3 := os.Lstat(filepath.Join(dir, "a", "link"))
		real, err4 := filepath.EvalSymlinks(filepath.Join(dir, "a", "link"))
		status, err5 := os.Stat(path)
		if err := all(err, err2, err3, err4, err5); err != nil {
			return err
		}
		return all(want(string(content), "deep"), want(link, "b/c.txt"), want(info.Mode()&fs.ModeSymlink != 0, true), want(real, path),
			want(status.Mode(), fs.FileMode(0o600)), want(status.ModTime().Unix(), 2), os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "z")),
			want(os.Remove(dir) != nil, true), os.RemoveAll(dir), want(os.RemoveAll(dir), nil))
	}
	checks["files/memory as a file system"] = func() error {
		dir, err := os.MkdirTemp("/memory", "fs-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		err = all(os.MkdirAll(dir+"/x/y", 0o755), os.WriteFile(dir+"/x/y/1.txt", []byte("1"), 0o644), os.WriteFile(dir+"/x/2.txt", []byte("22"), 0o644))
		return all(err, fstest.TestFS(os.DirFS(dir), "x/y/1.txt", "x/2.txt"))
	}
	checks["files/memory full"] = func() error {
		err := os.WriteFile("/memory/full.bin", make([]byte, 2<<20), 0o600)
		removed := os.Remove("/memory/full.bin")
		return all(want(errors.Is(err, syscall.ENOSPC), true), removed, os.WriteFile("/memory/again.bin", make([]byte, 900_000), 0o600), os.Remove("/memory/again.bin"))
	}
	checks["files/memory sparse and pwrite"] = func() error {
		f, err := os.Create("/memory/sparse")
		if err != nil {
			return err
		}
		defer os.Remove("/memory/sparse")
		defer f.Close()
		_, err = f.WriteAt([]byte("end"), 100)
		content, err2 := os.ReadFile("/memory/sparse")
		return all(err, err2, want(len(content), 103), want(bytes.Count(content, []byte{0}), 100))
	}
	checks["files/memory removed while open"] = func() error {
		f, err := os.Create("/memory/gone")
		if err != nil {
			return err
		}
		defer f.Close()
		os.Remove("/memory/gone")
		fmt.Fprint(f, "still")
		f.Seek(0, io.SeekStart)
		content, err := io.ReadAll(f)
		return all(err, want(string(content), "still"))
	}
	checks["files/working directory"] = func() error {
		err := os.Chdir("/memory")
		if err != nil {
			return err
		}
		defer os.Chdir("/")
		where, err := os.Getwd()
		err2 := os.WriteFile("relative.txt", nil, 0o600)
		_, err3 := os.Stat("/memory/relative.txt")
		return all(err, err2, err3, want(where, "/memory"), os.Remove("relative.txt"))
	}
	checks["files/devices"] = func() error {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer null.Close()
		n, err := null.Write([]byte("x"))
		_, eof := null.Read(make([]byte, 1))
		random, err2 := os.Open("/dev/urandom")
		if err2 != nil {
			return err2
		}
		defer random.Close()
		bits := make([]byte, 32)
		_, err3 := io.ReadFull(random, bits)
		return all(err, err3, want(n, 1), want(eof, io.EOF), want(bytes.Equal(bits, make([]byte, 32)), false))
	}
	checks["files/pipe"] = func() error {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		go func() { fmt.Fprint(w, strings.Repeat("pipe\n", 100_000)); w.Close() }()
		n, err := io.Copy(io.Discard, r)
		return all(err, want(n, 500_000), r.Close())
	}
	checks["files/captured output"] = func() error {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		stdout := os.Stdout
		os.Stdout = w
		fmt.Println("captured")
		os.Stdout = stdout
		w.Close()
		line, err := bufio.NewReader(r).ReadString('\n')
		return all(err, want(line, "captured\n"))
	}
	checks["files/stdin is empty"] = func() error {
		_, err := os.Stdin.Read(make([]byte, 1))
		return want(err, io.EOF)
	}
	checks["files/closing descriptors of others"] = func() error {
		for fd := 3; fd <= 4; fd++ {
			if err := syscall.Close(fd); err != syscall.EBADF {
				return fmt.Errorf("%d: %v", fd, err)
			}
		}
		return nil
	}
	checks["files/temporary folder"] = func() error {
		return want(os.TempDir(), "/memory")
	}
}
