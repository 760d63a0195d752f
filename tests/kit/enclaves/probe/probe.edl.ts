import {
  array,
  boolean,
  bytes,
  defineInterface,
  enumeration,
  func,
  option,
  record,
  string,
  uint16,
  uint32,
} from '@enclos/edl';

const mebibyte = 1024 * 1024;
const path = string({ maxBytes: 256 });
const content = bytes({ maxBytes: 2 * mebibyte });
const id = uint32();
const sealing = { policy: enumeration('enclave', 'signer'), associatedData: option(bytes({ maxBytes: 256 })) };

/** Reaches every part of the SDK from outside, one function each. */
export const probe = defineInterface({
  name: 'probe',
  trusted: {
    seal: func({ plaintext: content, ...sealing }, content),
    unseal: func({ blob: content, ...sealing }, content),
    identity: func(
      {},
      record({
        mrEnclave: bytes({ exactBytes: 32 }),
        mrSigner: bytes({ exactBytes: 32 }),
        productId: uint16(),
        securityVersion: uint16(),
        debug: boolean(),
        cpuSvn: bytes({ exactBytes: 16 }),
      }),
    ),
    targetInfo: func({}, bytes({ exactBytes: 512 })),
    createReport: func(
      { target: bytes({ exactBytes: 512 }), reportData: bytes({ exactBytes: 64 }) },
      bytes({ exactBytes: 432 }),
    ),
    /** Gives the MRENCLAVE that the report proves. */
    verifyReport: func(
      { report: bytes({ maxBytes: 1024 }), expectedReportData: bytes({ maxBytes: 128 }) },
      bytes({ exactBytes: 32 }),
    ),
    quote: func(
      { purpose: string({ maxBytes: 255 }), nonce: bytes({ maxBytes: 64 }), key: option(bytes({ maxBytes: 128 })) },
      bytes({ maxBytes: 65_536 }),
    ),
    embeddedFile: func({ path }, content),
    trustedFile: func({ path }, content),
    readFile: func({ mount: path, path }, option(content)),
    writeFile: func({ mount: path, path, content }),
    removeFile: func({ mount: path, path }),
    list: func(
      { mount: path, path },
      array(record({ name: string({ maxBytes: 255 }), kind: enumeration('file', 'folder', 'other') }), {
        maxItems: 64,
      }),
    ),
    environmentVariable: func({ name: string({ maxBytes: 64 }) }, option(string({ maxBytes: 4096 }))),
    echo: func({ value: content }, content),
    /** What the gate's bounds are tried on. `resultBytes` and `noteBytes` may be more than the types allow. */
    bounded: func({ text: string({ maxBytes: 8 }), resultBytes: uint32() }, string({ maxBytes: 8 })),
    noteToHost: func({ noteBytes: uint32() }),
    askHost: func({}, string({ maxBytes: 64 })),
    /** Calls the host, which calls back, until nothing remains. Gives the number of calls after this one. */
    nest: func({ remaining: uint32() }, uint32()),
    /** Tells the host that it runs, and runs until the host answers. */
    hold: func({ id }),
    /** Runs until its signal aborts, then tells the host why, outside the call. */
    runUntilAborted: func({ id }),
    fail: func({
      how: enumeration('error', 'string', 'coded-error', 'codec-error', 'application-error', 'unhandled-rejection'),
      text: string({ maxBytes: 256 }),
    }),
    logText: func({ text: string({ maxBytes: 256 }) }),
    logAt: func({ level: enumeration('error', 'warn', 'info', 'debug', 'trace'), text: string({ maxBytes: 256 }) }),
  },
  untrusted: {
    note: func({ text: string({ maxBytes: 8 }) }),
    answer: func({}, string({ maxBytes: 8 })),
    nest: func({ remaining: uint32() }, uint32()),
    holding: func({ id }),
    aborted: func({ id, code: string({ maxBytes: 64 }) }),
  },
});
