/*
 * The entry of both test enclaves, and the way out. Thread data (at FS): self 0, last_sp 8, frame 16. What differs between the SDKs:
 * IF_RETURN compares what says that the host returns from an OCALL, BEFORE_SERVE adds an argument, AS_RESULT makes registers of what was
 * served, LEAF_OF_EEXIT moves 4 into RAX (in both lengths that compilers give it), HOST_STACK finds the stack of the host for an OCALL.
 */
#define GATE(IF_RETURN, BEFORE_SERVE, AS_RESULT, LEAF_OF_EEXIT, HOST_STACK) \
    __asm__( \
        ".pushsection .text\n" \
        ".global enclave_entry\n" \
        ".type enclave_entry, @function\n" \
        "enclave_entry:\n" \
        "  cld\n" \
        "  test %rax, %rax\n" \
        "  jnz 3f\n" \
        IF_RETURN "  je 2f\n" \
        "  mov %rsp, %r8\n" \
        "  mov %fs:8, %rsp\n" \
        "  test %rsp, %rsp\n" \
        "  jnz 1f\n" \
        "  lea -0x1000(%rbx), %rsp\n" /* below the guard page below the TCS */ \
        "1: and $-16, %rsp\n" \
        "  push %r8\n" \
        "  push %rbp\n" \
        "  push %rcx\n" \
        "  push %rbx\n" \
        "  mov %rsp, %rbp\n" \
        "  push %fs:16\n" \
        "  push %fs:8\n" \
        "  mov %rbp, %fs:16\n" \
        BEFORE_SERVE \
        "  call serve\n" \
        "  lea -16(%rbp), %rsp\n" \
        "  pop %fs:8\n" \
        "  pop %fs:16\n" \
        "  add $8, %rsp\n" \
        "  pop %rbx\n" \
        "  pop %rbp\n" \
        "  pop %rsp\n" \
        AS_RESULT \
        "leave_enclave:\n" \
        "  xor %ecx, %ecx\n" \
        "  xor %edx, %edx\n" \
        "  xor %r8d, %r8d\n" \
        "  xor %r9d, %r9d\n" \
        "  xor %r10d, %r10d\n" \
        "  xor %r11d, %r11d\n" \
        "  xor %r12d, %r12d\n" \
        "  xor %r13d, %r13d\n" \
        "  xor %r14d, %r14d\n" \
        "  xor %r15d, %r15d\n" \
        LEAF_OF_EEXIT \
        "  .byte 0x0f, 0x01, 0xd7\n" \
        "  ud2\n" \
        /* The host returns from an OCALL. */ \
        "2: mov %fs:8, %rsp\n" \
        "  test %rsp, %rsp\n" \
        "  jz crash\n" \
        "  pop %fs:8\n" \
        "  pop %fs:16\n" \
        "  pop %r15\n" \
        "  pop %r14\n" \
        "  pop %r13\n" \
        "  pop %r12\n" \
        "  pop %rbp\n" \
        "  pop %rbx\n" \
        "  mov %rsi, %rax\n" \
        "  ret\n" \
        /* An entry after an exception: beyond the red zone of the stack that was interrupted. */ \
        "3: mov %rsp, %r8\n" \
        "  mov %rcx, %r9\n" \
        "  mov 0x1f68(%rbx), %rsp\n" /* SSA[0].GPRSGX.RSP */ \
        "  sub $256, %rsp\n" \
        "  and $-16, %rsp\n" \
        "  push %r8\n" \
        "  push %r9\n" \
        "  mov %rbx, %rsi\n" \
        "  call serve_exception\n" \
        "  pop %rbx\n" \
        "  pop %rsp\n" \
        AS_RESULT \
        "  jmp leave_enclave\n" \
        "crash: ud2\n" \
        /* leave_for: an OCALL, with the registers of its arguments as they are. */ \
        "leave_for:\n" \
        "  push %rbx\n" \
        "  push %rbp\n" \
        "  push %r12\n" \
        "  push %r13\n" \
        "  push %r14\n" \
        "  push %r15\n" \
        "  push %fs:16\n" \
        "  push %fs:8\n" \
        "  mov %rsp, %fs:8\n" \
        "  mov %fs:16, %rax\n" \
        "  mov 8(%rax), %rbx\n" \
        "  mov 16(%rax), %rbp\n" \
        HOST_STACK \
        "  jmp leave_enclave\n" \
        ".size enclave_entry, . - enclave_entry\n" \
        ".popsection\n")
