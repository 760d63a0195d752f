/* dtoa.c includes this header and uses nothing of it; wasi-libc has none without exceptions. */
