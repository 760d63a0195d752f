import type { Anchor } from './insert.ts';

/** A file of the standard library that the overlay changes. */
export interface Patch {
  /** Below the sources; `ARCH` is Go's name of the architecture. */
  readonly file: string;
  readonly anchors: readonly VersionedAnchor[];
  /** The first and the last Go 1.x with the file. Undefined: no bound is known. */
  readonly since?: number;
  readonly until?: number;
}

interface VersionedAnchor extends Anchor {
  /** The first Go 1.x with the function. */
  readonly since?: number;
}

/** The changes for one version of Go. One that cannot be read, as of a build from a branch, counts as new. */
export function patchesFor(goVersion: string): readonly Patch[] {
  const minor = Number(/^go1\.(\d+)/.exec(goVersion)?.[1] ?? Infinity);
  const isThere = ({ since = 0, until = Infinity }: Pick<Patch, 'since' | 'until'>): boolean =>
    since <= minor && minor <= until;
  return patches.filter(isThere).map((patch) => ({ ...patch, anchors: patch.anchors.filter(isThere) }));
}

const hook = (code: string): string => `if h := EnclosHook; h != nil { ${code} }`;
/** The enclave always answers. */
const always = (name: string, call: string): Anchor => ({ function: name, code: hook(`return h.${call}`) });
/** The enclave answers for its own descriptors; the others are the machine's. */
const ours = (name: string, call: string, results = 'err'): Anchor => ({
  function: name,
  code: hook(`if ${results}, ours := h.${call}; ours { return ${results} }`),
});
const refuse = (name: string, results: string): Anchor => ({
  function: name,
  code: `if EnclosHook != nil { return ${results} }`,
});

const noCopyFileRange = inUnix('CopyFileRange', 'return 0, syscall.ENOSYS');

const calls: Patch = {
  file: 'syscall/zsyscall_linux_ARCH.go',
  anchors: [
    ours('read', 'Read($1, $2)', 'n, err'),
    ours('write', 'Write($1, $2)', 'n, err'),
    ours('pread', 'Pread($1, $2, $3)', 'n, err'),
    ours('pwrite', 'Pwrite($1, $2, $3)', 'n, err'),
    ours('Seek', 'Seek($1, $2, $3)', 'off, err'),
    ours('Close', 'Close($1)'),
    ours('fcntl', 'Fcntl($1, $2, $3)', 'val, err'),
    ours('Dup', 'Dup($1)', 'fd, err'),
    ours('Fstat', 'Fstat($1, $2)'),
    ours('Ftruncate', 'Ftruncate($1, $2)'),
    ours('Fsync', 'Sync($1)'),
    ours('Fdatasync', 'Sync($1)'),
    ours('Flock', 'Nop($1)'),
    ours('Fchown', 'Nop($1)'),
    ours('Fchmod', 'Fchmod($1, $2)'),
    ours('Fchdir', 'Fchdir($1)'),
    ours('Getdents', 'Getdents($1, $2)', 'n, err'),
    always('openat', 'Openat($1, $2, $3, $4)'),
    always('fstatat', 'Fstatat($1, $2, $3, $4)'),
    always('Mkdirat', 'Mkdirat($1, $2, $3)'),
    always('unlinkat', 'Unlinkat($1, $2, $3)'),
    always('Renameat', 'Renameat($1, $2, $3, $4)'),
    always('linkat', 'Linkat($1, $2, $3, $4)'),
    always('symlinkat', 'Symlinkat($1, $2, $3)'),
    always('readlinkat', 'Readlinkat($1, $2, $3)'),
    always('utimensat', 'Utimensat($1, $2, $3, $4)'),
    always('Truncate', 'Truncate($1, $2)'),
    always('Chdir', 'Chdir($1)'),
    always('Getcwd', 'Getcwd($1)'),
    // The owner of a file has no meaning where there is one user: the file only has to be there.
    always('Fchownat', 'Faccessat($1, $2, 0)'),
    always('socket', 'Socket($1, $2, $3)'),
    refuse('socketpair', 'EPERM'),
    ours('Listen', 'Listen($1, $2)'),
    ours('Shutdown', 'Shutdown($1, $2)'),
    {
      function: 'setsockopt',
      code: hook(
        'value := 0; if $5 >= 4 { value = int(*(*int32)($4)) }; if err, ours := h.Setsockopt($1, $2, $3, value); ours { return err }',
      ),
    },
    {
      function: 'getsockopt',
      code: hook(
        'if value, err, ours := h.Getsockopt($1, $2, $3); ours { if err == nil && *$5 >= 4 { *(*int32)($4) = int32(value); *$5 = 4 }; return err }',
      ),
    },
    {
      function: 'pipe2',
      code: hook(
        'var ends [2]int; err := h.Pipe(&ends, $2); $1[0], $1[1] = _C_int(ends[0]), _C_int(ends[1]); return err',
      ),
    },
    { function: 'Uname', code: hook('enclosUname(h, $1); return nil') },
    refuse('Splice', '0, ENOSYS'),
    refuse('sendfile', '0, ENOSYS'),
  ],
};

/** What the overlay changes, for Go 1.21 and later. Everything else of the standard library is as it is. */
const patches: readonly Patch[] = [
  calls,
  {
    file: 'syscall/syscall_linux.go',
    anchors: [
      ours('Accept4', 'Accept4($1, $2)', 'nfd, sa, err'),
      ours('Getsockname', 'Getsockname($1)', 'sa, err'),
      always('Faccessat', 'Faccessat($1, $2, $3)'),
      always('Fchmodat', 'Fchmodat($1, $2, $3)'),
    ],
  },
  {
    file: 'syscall/syscall_unix.go',
    anchors: [
      ours('Bind', 'Bind($1, $2)'),
      ours('Connect', 'Connect($1, $2)'),
      ours('Getpeername', 'Getpeername($1)', 'sa, err'),
    ],
  },
  { file: 'syscall/exec_unix.go', anchors: [refuse('forkExec', '0, EPERM'), refuse('Exec', 'EPERM')] },
  {
    file: 'internal/syscall/unix/at.go',
    anchors: [
      inUnix('Unlinkat', 'return h.Unlinkat($1, $2, $3)'),
      inUnix('Openat', 'return h.Openat($1, $2, $3, $4)'),
      // For os.Root.
      { ...inUnix('Readlinkat', 'return h.Readlinkat($1, $2, $3)'), since: 24 },
      { ...inUnix('Mkdirat', 'return h.Mkdirat($1, $2, $3)'), since: 24 },
    ],
  },
  { file: 'internal/syscall/unix/at_fstatat.go', anchors: [inUnix('Fstatat', 'return h.Fstatat($1, $2, $3, $4)')] },
  {
    file: 'internal/syscall/unix/fcntl_unix.go',
    anchors: [inUnix('Fcntl', 'if value, err, ours := h.Fcntl($1, $2, $3); ours { return value, err }')],
  },
  { file: 'internal/syscall/unix/copy_file_range_linux.go', anchors: [noCopyFileRange], until: 23 },
  { file: 'internal/syscall/unix/copy_file_range_unix.go', anchors: [noCopyFileRange], since: 24 },
  {
    file: 'internal/poll/fd_writev_unix.go',
    anchors: [
      {
        function: 'writev',
        code: 'if enclosKernel != nil { n, err := enclosKernel.Writev($1, $2); return uintptr(n), err }',
      },
    ],
  },
  {
    file: 'internal/poll/splice_linux.go',
    // Its results have names, and another number before Go 1.23.
    anchors: [{ function: 'Splice', code: 'if enclosKernel != nil { return }' }],
  },
  // An enclave has no pipe2(2), by which the runtime wakes its poller before Go 1.23.
  {
    file: 'runtime/nbpipe_pipe2.go',
    anchors: [{ function: 'nonblockingPipe', code: 'return enclosEventfd()' }],
    until: 22,
  },
  {
    file: 'runtime/netpoll_epoll.go',
    anchors: [{ function: 'netpollBreak', code: 'enclosBreak(); return' }],
    until: 22,
  },
  // The end of a program tells the host what waits to be told.
  { file: 'runtime/exithook.go', anchors: [{ function: 'addExitHook' }], until: 22 },
  { file: 'internal/runtime/exithook/hooks.go', anchors: [{ function: 'Add' }], since: 23 },
  {
    file: 'net/fd_unix.go',
    anchors: [{ function: '(*netFD).connect', code: 'if enclosOn() { return $0.enclosConnect($1, $3) }' }],
  },
  {
    file: 'net/lookup_unix.go',
    anchors: [
      inResolver('lookupHost', 'enclosLookupHost($2)'),
      inResolver('lookupIP', 'enclosLookup($2, $3)'),
      inResolver('lookupCNAME', 'enclosLookupCNAME($2)'),
      inResolver('lookupSRV', '"", nil, enclosNoRecord($4)'),
      inResolver('lookupMX', 'nil, enclosNoRecord($2)'),
      inResolver('lookupNS', 'nil, enclosNoRecord($2)'),
      inResolver('lookupTXT', 'nil, enclosNoRecord($2)'),
      inResolver('lookupAddr', 'enclosLookupAddr($2)'),
    ],
  },
  {
    file: 'net/interface_linux.go',
    anchors: [
      { function: 'interfaceTable', code: 'if enclosOn() { return enclosInterfaces($1) }' },
      { function: 'interfaceAddrTable', code: 'if enclosOn() { return enclosInterfaceAddresses($1) }' },
      { function: 'interfaceMulticastAddrTable', code: 'if enclosOn() { return nil, nil }' },
    ],
  },
];

function inUnix(name: string, code: string): Anchor {
  return { function: name, code: `if h := syscall.EnclosHook; h != nil { ${code} }` };
}

function inResolver(name: string, results: string): Anchor {
  return { function: `(*Resolver).${name}`, code: `if enclosOn() { return ${results} }` };
}
