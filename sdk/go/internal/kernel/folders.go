package kernel

import (
	"sort"
	"syscall"

	. "enclos.invalid/sdk/internal/core"
)

// listing is what a folder holds, by name.
func (o *vkOpenFile) listing() ([]vkEntry, error) {
	var entries []vkEntry
	if o.host != nil {
		var err error
		if entries, err = o.host.list(o.rel); err != nil {
			return nil, err
		}
		entries = o.host.addNew(o.rel, entries)
	} else {
		o.files.mu.Lock()
		for name, child := range o.node.children {
			kind := EnclosKindOther
			if child.isFolder() {
				kind = EnclosKindFolder
			} else if child.mode&syscall.S_IFMT == syscall.S_IFREG {
				kind = EnclosKindFile
			} else if child.isLink() {
				kind = vkKindLink
			}
			entries = append(entries, vkEntry{name, kind})
		}
		o.files.mu.Unlock()
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].name < entries[j].name })
	return entries, nil
}

// vkKindLink is a symbolic link in memory; the host shows none.
const vkKindLink = EnclosKindOther + 1

// addNew adds the files that are open for writing and that the host does not have yet.
func (h *vkHost) addNew(rel string, entries []vkEntry) []vkEntry {
	known := map[string]bool{}
	for _, entry := range entries {
		known[entry.name] = true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for path := range h.open {
		if folder, name := vkSplit(path); folder == rel && !known[name] {
			entries = append(entries, vkEntry{name, EnclosKindFile})
		}
	}
	return entries
}

var vkDirentTypes = [...]byte{EnclosKindFile: syscall.DT_REG, EnclosKindFolder: syscall.DT_DIR, EnclosKindOther: syscall.DT_UNKNOWN, vkKindLink: syscall.DT_LNK}

// vkDirentHead: inode u64, offset u64, length u16, type u8 (getdents64(2)).
const vkDirentHead = 19

// Getdents fills in entries of a folder.
func (k *VkKernel) Getdents(fd int, buf []byte) (int, error, bool) {
	file, err, ours := k.fileOf(fd, syscall.ENOTDIR)
	if err != nil || !ours {
		return -1, err, ours
	}
	if !file.isFolder() {
		return -1, syscall.ENOTDIR, true
	}
	file.mu.Lock()
	defer file.mu.Unlock()
	if !file.listed {
		if file.entries, err = file.listing(); err != nil {
			return -1, err, true
		}
		file.listed = true
	}
	used := 0
	for len(file.entries) > 0 {
		entry := file.entries[0]
		length := (vkDirentHead + len(entry.name) + 1 + 7) &^ 7
		if used+length > len(buf) {
			break
		}
		vkPutDirent(buf[used:used+length], entry, uint64(file.offset))
		used += length
		file.entries = file.entries[1:]
		file.offset++
	}
	if used == 0 && len(file.entries) > 0 {
		return -1, syscall.EINVAL, true
	}
	return used, nil, true
}

func vkPutDirent(to []byte, entry vkEntry, offset uint64) {
	clear(to)
	inode := vkHash(entry.name) | 1 // zero means no entry
	for i := 0; i < 8; i++ {
		to[i] = byte(inode >> (8 * i))
		to[8+i] = byte(offset >> (8 * i))
	}
	to[16], to[17] = byte(len(to)), byte(len(to)>>8)
	to[18] = vkDirentTypes[entry.kind]
	copy(to[vkDirentHead:], entry.name)
}

// Chdir changes the working directory.
func (k *VkKernel) Chdir(path string) error {
	k.files.mu.Lock()
	place, err := k.place(vkAtCwd, path, true)
	k.files.mu.Unlock()
	if err != nil {
		return err
	}
	return k.enter(place)
}

func (k *VkKernel) enter(place vkPlace) error {
	f := &k.files
	if place.host != nil {
		kind, _, found, err := place.host.stat(place.rel)
		switch {
		case err != nil:
			return err
		case !found:
			return syscall.ENOENT
		case kind != EnclosKindFolder:
			return syscall.ENOTDIR
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.folder = place.host.target
		if place.rel != "" {
			f.folder += "/" + place.rel
		}
		return nil
	}
	if place.node == nil {
		return syscall.ENOENT
	}
	if !place.node.isFolder() {
		return syscall.ENOTDIR
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.folder = f.pathOf(place.node)
	return nil
}

// Fchdir changes the working directory to an open folder.
func (k *VkKernel) Fchdir(fd int) (error, bool) {
	file, err, ours := k.fileOf(fd, syscall.ENOTDIR)
	if err != nil || !ours {
		return err, ours
	}
	if !file.isFolder() {
		return syscall.ENOTDIR, true
	}
	return k.enter(vkPlace{node: file.node, host: file.host, rel: file.rel}), true
}

// Getcwd is the working directory with a NUL behind it, as getcwd(2) gives it.
func (k *VkKernel) Getcwd(buf []byte) (int, error) {
	k.files.mu.Lock()
	defer k.files.mu.Unlock()
	if len(buf) <= len(k.files.folder) {
		return 0, syscall.ERANGE
	}
	n := copy(buf, k.files.folder)
	buf[n] = 0
	return n + 1, nil
}
