import { ByteWriter } from '@enclos/codec';

/**
 * The system call filter of an enclave process, assembled as classic BPF
 * (seccomp(2), linux/filter.h). Everything is allowed but what reaches out of
 * the process: new sockets, new processes, other processes, the kernel's
 * administration, the attributes of files, and new executables are refused with
 * EPERM. `execve` itself must stay, since the filter is in place before the
 * interpreter starts; file view and no-new-privs leave it nothing to run that
 * could do more.
 */

type Architecture = 'x64' | 'arm64';

/** AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 (linux/audit.h). */
const auditArchitecture: Readonly<Record<Architecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** Numbers of asm/unistd.h: x86-64, then the generic table of arm64. `undefined`: not on that architecture. */
const refused: Readonly<Record<string, readonly [x64: number | undefined, arm64: number | undefined]>> = {
  // Network: the three descriptors of the enclave are all that it has.
  socket: [41, 198],
  socketpair: [53, 199],
  connect: [42, 203],
  bind: [49, 200],
  listen: [50, 201],
  accept: [43, 202],
  accept4: [288, 242],
  // A ring does any of these without a call of its own.
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // New processes. Threads are clone with CLONE_THREAD, see below.
  fork: [57, undefined],
  vfork: [58, undefined],
  // Other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  pidfd_send_signal: [424, 424],
  kill: [62, 129],
  tkill: [200, 130],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  // tgkill must stay: it is how a thread of the process itself is signalled, and how abort() works.
  rt_sigqueueinfo: [129, 138],
  rt_tgsigqueueinfo: [297, 240],
  shmget: [29, 194],
  shmat: [30, 196],
  semget: [64, 190],
  msgget: [68, 186],
  mq_open: [240, 180],
  // What Landlock leaves to the owner of a file, and an enclave may run as the owner of all (landlock(7), BUGS).
  chmod: [90, undefined],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchmodat2: [452, 452],
  chown: [92, undefined],
  fchown: [93, 55],
  lchown: [94, undefined],
  fchownat: [260, 54],
  utime: [132, undefined],
  utimes: [235, undefined],
  futimesat: [261, undefined],
  utimensat: [280, 88],
  setxattr: [188, 5],
  lsetxattr: [189, 6],
  fsetxattr: [190, 7],
  setxattrat: [463, 463],
  removexattr: [197, 14],
  lremovexattr: [198, 15],
  fremovexattr: [199, 16],
  removexattrat: [466, 466],
  file_setattr: [469, 469],
  // Watching what others do with files.
  inotify_init: [253, undefined],
  inotify_init1: [294, 26],
  inotify_add_watch: [254, 27],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  // A file that no file view knows: it can be run through /proc, which Landlock does not see (landlock(7)).
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  // By path; Landlock knows it from its third version on.
  truncate: [76, 45],
  // Namespaces, mounts, and the root folder.
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  mount_setattr: [442, 442],
  open_tree: [428, 428],
  open_tree_attr: [467, 467],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  // What is mounted where.
  statmount: [457, 457],
  listmount: [458, 458],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // The kernel's administration.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  syslog: [103, 116],
  personality: [135, 92],
  modify_ldt: [154, undefined],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  // Another program, by descriptor.
  execveat: [322, 281],
};

const clone: Readonly<Record<Architecture, number>> = { x64: 56, arm64: 220 };
const clone3 = 435;

const prctl: Readonly<Record<Architecture, number>> = { x64: 157, arm64: 167 };

/** linux/prctl.h. Without this an enclave could ask to outlive its platform. */
const PR_SET_PDEATHSIG = 1;
const CLONE_THREAD = 0x0001_0000;
/** NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWNS, NEWTIME. */
const cloneNamespaces = 0x7e02_0080;
/** The x32 calls of x86-64 are numbered from here; an enclave has no use for them. */
const x32Calls = 0x4000_0000;

const ret = { allow: 0x7fff_0000, kill: 0x8000_0000, eperm: 0x0005_0000 | 1, enosys: 0x0005_0000 | 38 };
const op = { loadWord: 0x20, jumpEqual: 0x15, jumpGreaterOrEqual: 0x35, jumpSet: 0x45, return: 0x06 };
/** struct seccomp_data: nr, arch, instruction_pointer, args[6]; the low word comes first on both architectures. */
const data = { number: 0, architecture: 4, firstArgument: 16 };

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];

function program(architecture: Architecture): readonly Instruction[] {
  const column = architecture === 'x64' ? 0 : 1;
  const numbers = Object.values(refused).flatMap((entry) => entry[column] ?? []);
  return [
    [op.loadWord, 0, 0, data.architecture],
    [op.jumpEqual, 1, 0, auditArchitecture[architecture]],
    [op.return, 0, 0, ret.kill],
    [op.loadWord, 0, 0, data.number],
    ...(architecture === 'x64' ? refuseFrom(x32Calls) : []),
    // Its flags are behind a pointer, which a filter cannot read; the C library then uses clone.
    ...refuse(clone3, ret.enosys),
    ...numbers.flatMap((number) => refuse(number, ret.eperm)),
    [op.jumpEqual, 0, 4, prctl[architecture]],
    [op.loadWord, 0, 0, data.firstArgument],
    ...refuse(PR_SET_PDEATHSIG, ret.eperm),
    [op.return, 0, 0, ret.allow],
    [op.jumpEqual, 0, 4, clone[architecture]],
    [op.loadWord, 0, 0, data.firstArgument],
    [op.jumpSet, 1, 0, cloneNamespaces],
    [op.jumpSet, 1, 0, CLONE_THREAD],
    [op.return, 0, 0, ret.eperm],
    [op.return, 0, 0, ret.allow],
  ];
}

function refuse(number: number, how: number): readonly Instruction[] {
  return [
    [op.jumpEqual, 0, 1, number],
    [op.return, 0, 0, how],
  ];
}

function refuseFrom(number: number): readonly Instruction[] {
  return [
    [op.jumpGreaterOrEqual, 0, 1, number],
    [op.return, 0, 0, ret.eperm],
  ];
}

/** The filter as an array of struct sock_filter, the form that `setpriv --seccomp-filter` and bubblewrap read. */
export function seccompFilter(architecture: Architecture): Uint8Array {
  const writer = new ByteWriter({ sizeHint: 2048 });
  for (const [code, jumpTrue, jumpFalse, operand] of program(architecture)) {
    writer.u16(code).u8(jumpTrue).u8(jumpFalse).u32(operand);
  }
  return writer.finish();
}

/** The refused calls by name, for documentation and tests. */
export const refusedSystemCalls: readonly string[] = Object.freeze(Object.keys(refused));
