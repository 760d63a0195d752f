// What C cannot say. Offsets are those of struct thread.
	.text
	.globl _start, sys, called, restorer, restored, enter, resume, leave, landing, fast_exit, exit_again
	.globl start_thread, run_on, signal_entry, memcpy, memset
	.hidden sys, called, restorer, restored, enter, resume, leave, landing, fast_exit, exit_again
	.hidden start_thread, run_on, signal_entry, memcpy, memset
	.hidden boot_main, on_signal

_start:
	xorl %ebp, %ebp
	movq %rsp, %rdi
	andq $-16, %rsp
	call boot_main

// The only place from which the filter allows a call, but for rt_sigreturn.
sys:
	movq %rdi, %rax
	movq %rsi, %rdi
	movq %rdx, %rsi
	movq %rcx, %rdx
	movq %r8, %r10
	movq %r9, %r8
	movq 8(%rsp), %r9
	syscall
called:
	ret

restorer:
	movl $15, %eax
	syscall
restored:
	hlt

// A program may have set flags that C does not expect: AC, DF.
signal_entry:
	pushq $2
	popfq
	jmp on_signal

	.macro save_own
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, 0(%rdi)
	movq 96(%rdi), %rax
	wrfsbase %rax
	movq 104(%rdi), %rax
	wrgsbase %rax
	.endm

// EENTER: RAX is CSSA, RBX the TCS, RCX where EEXIT will go. What the host does not set is zero.
enter:
	save_own
	movq 72(%rdi), %r11
	movq 88(%rdi), %rax
	movq 80(%rdi), %rbx
	leaq landing(%rip), %rcx
	movq 16(%rdi), %rsi
	movq 24(%rdi), %rdx
	movq 32(%rdi), %r8
	movq 40(%rdi), %r9
	movq 48(%rdi), %r10
	movq 56(%rdi), %rsp
	movq 64(%rdi), %rbp
	movq 8(%rdi), %rdi
	xorl %r12d, %r12d
	xorl %r13d, %r13d
	xorl %r14d, %r14d
	xorl %r15d, %r15d
	jmp *%r11

// ERESUME: the frame holds all registers.
resume:
	save_own
	movq %rsi, %rsp
	jmp restorer

// Only a name for where EEXIT goes: it is carried out by the signal handler or below.
landing:
	ud2

// EEXIT without a trap. RCX is a table of {GS base, thread}, which ends with a thread of zero.
fast_exit:
	leaq landing(%rip), %rax
	cmpq %rax, %rbx
	jne 3f
	rdgsbase %rax
1:	cmpq $0, 8(%rcx)
	je 3f
	cmpq %rax, 0(%rcx)
	je 2f
	addq $16, %rcx
	jmp 1b
2:	movq 8(%rcx), %rax
	movq %rdi, 8(%rax)
	movq %rsi, 16(%rax)
	movq %rdx, 24(%rax)
	movq %r8, 32(%rax)
	movq %r9, 40(%rax)
	movq %r10, 48(%rax)
	movq %rsp, 56(%rax)
	movq %rbp, 64(%rax)
	movq %rax, %rdi
	movl $1, %esi
	jmp leave
3:	movl $4, %eax
exit_again:
	.byte 0x0f, 0x01, 0xd7

// Back to the caller of `enter` or `resume`, from wherever the enclave left.
leave:
	movq 0(%rdi), %rsp
	pushq $2
	popfq
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	movl %esi, %eax
	ret

// CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM.
start_thread:
	movq %rsi, -8(%rdi)
	movq %rdx, -16(%rdi)
	leaq -16(%rdi), %rsi
	movl $0x50f00, %edi
	xorl %edx, %edx
	xorl %r10d, %r10d
	xorl %r8d, %r8d
	movl $56, %eax
	syscall
	testq %rax, %rax
	jz 1f
	ret
1:	xorl %ebp, %ebp
	popq %rdi
	popq %rax
	call *%rax
	hlt

run_on:
	movq %rdi, %rsp
	movq %rdx, %rdi
	xorl %ebp, %ebp
	call *%rsi
	hlt

memcpy:
	movq %rdi, %rax
	movq %rdx, %rcx
	rep movsb
	ret

memset:
	movq %rdi, %r8
	movl %esi, %eax
	movq %rdx, %rcx
	rep stosb
	movq %r8, %rax
	ret

	.section .note.GNU-stack, "", @progbits
