import { call, withStruct, withUnion, type RuleExample } from './example.ts';

export const extentExamples: Readonly<Record<string, RuleExample>> = {
  'edl-size-and-count': {
    refused: call('[in, size=4, count=n] int* p, size_t n'),
    at: 'count',
    oe: "Function `f': simultaneous `size' and `count' parameters `size' and `count' are not supported by oeedger8r.",
    accepted: call('[in, count=n] int* p, size_t n'),
  },
  'edl-size-name': {
    refused: call('[in, size=m] int* p, size_t n'),
    at: 'm',
    oe: "could not find declaration for `m'.",
    intel: "parameter `m' not found.",
    accepted: call('[in, size=n] int* p, size_t n'),
  },
  'edl-size-type': {
    refused: call('[in, size=n] int* p, struct point n'),
    at: 'n',
    oe: 'size/count has invalid type.',
    accepted: call('[in, size=n] int* p, size_t n'),
  },
  'edl-size-of-deep-pointer': {
    refused: withStruct('size_t n; [count=n] int* p;', '[in, size=16] struct s_t* s'),
    at: 'size',
    oe: "size attributes are invalid for the pointer of an user-defined type `s_t'",
    accepted: withStruct('size_t n; [count=n] int* p;', '[in, count=1] struct s_t* s'),
  },
  'edl-member-attribute': {
    refused: withStruct('[in, count=2] int* p;'),
    at: 'in',
    oe: "only `count' and `size' attributes can be specified for struct properties",
    intel: 'direction attribute is not allowed for structure member.',
    accepted: withStruct('[count=2] int* p;'),
  },
  'edl-size-of-plain-member': {
    refused: withStruct('[count=2] int p;'),
    at: 'count',
    oe: "unexpected pointer attributes for `int'",
    intel: "'int' specified deep copy, but it's not a pointer",
    accepted: withStruct('[count=2] int* p;'),
  },
  'edl-size-of-array-member': {
    refused: withStruct('[count=2] int p[4];'),
    at: 'count',
    accepted: withStruct('int p[4];'),
  },
  'edl-union-attributes': {
    refused: withUnion('[count=2] int* p;'),
    at: '[count=2]',
    oe: 'attributes are not allowed for unions',
    intel: 'unexpected token: [',
    accepted: withUnion('int* p;'),
  },
  'edl-void-value': {
    refused: call('int n, void p'),
    at: 'p',
    intel: "parameter `p' has `void' type.",
    accepted: call('int n, [user_check] void* p'),
  },
  'edl-flexible-array': {
    refused: call('[in] int p[]'),
    at: '[]',
    oe: 'expecting array dimension, got ]',
    intel: 'Flexible array is not supported.',
    accepted: call('[in, count=n] int* p, size_t n'),
  },
  'edl-zero-length-array': {
    refused: call('[in] int p[0]'),
    at: '0',
    intel: 'Zero-length array is not supported.',
    accepted: call('[in] int p[1]'),
  },
  'edl-named-array-length': {
    refused: call('[in] int p[KEY_SIZE]'),
    at: 'KEY_SIZE',
    intel: 'unexpected token: KEY_SIZE',
    accepted: call('[in] int p[32]'),
  },
  'edl-number-too-large': {
    refused: call('[in, size=99999999999999999] int* p'),
    at: '99999999999999999',
    accepted: call('[in, size=9007199254740991] int* p'),
  },
  'edl-array-returned': {
    refused: 'trusted { public int[4] f(); };',
    at: '[4]',
    oe: 'expecting function name, got [',
    intel: 'f: returning an array is not supported - use pointer instead.',
    accepted: call('[out] int p[4]'),
  },
  'edl-type-too-deep': {
    refused: call(`[user_check] int${'*'.repeat(65)} p`),
    at: 'p',
    accepted: call('[user_check] int*** p'),
  },
};
