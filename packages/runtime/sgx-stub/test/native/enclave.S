// An enclave for tests of the stub: one page of code at offset 0. RDI says what to do.
#define ENCLU .byte 0x0f, 0x01, 0xd7
	.text
	.globl _start
_start:
	movq %rcx, %r11
	testq %rax, %rax
	jnz exception
	cmpq $27, %rdi
	ja leave
	leaq table(%rip), %rax
	movslq (%rax,%rdi,4), %rcx
	addq %rax, %rcx
	jmp *%rcx
	.align 4
table:
	.long next - table, copy - table, report - table, key - table, leaf - table, invalid - table, load - table
	.long store - table, call - table, spin - table, ocall - table, guarded - table, jump - table, breakpoint - table
	.long divide - table, stray - table, vectors - table, segments - table, short_leave - table, flags - table
	.long others - table, stepped - table, deep - table, silent - table, registers - table, through - table
	.long back - table, old - table

next:
	leaq 1(%rsi), %rdi
leave:
	movq %r11, %rbx
	movq $4, %rax
	ENCLU

copy: // RSI to RDX, R8 bytes
	movq %rdx, %rdi
	movq %r8, %rcx
	rep movsb
	xorl %edi, %edi
	jmp leave

report: // RSI target, RDX data, R8 out
	movq %rsi, %rbx
	movq %rdx, %rcx
	movq %r8, %rdx
	xorl %eax, %eax
	ENCLU
	xorl %edi, %edi
	jmp leave

key: // RSI request, RDX out
	movq %rsi, %rbx
	movq %rdx, %rcx
	movl $1, %eax
	ENCLU
	movq %rax, %rdi
	setz %sil
	movzbl %sil, %esi
	jmp leave

leaf: // RSI leaf, RDX in RBX
	movq %rsi, %rax
	movq %rdx, %rbx
	ENCLU
	movl $77, %edi
	jmp leave

invalid:
	ud2
	movl $55, %edi
	jmp leave

load:
	movq (%rsi), %rdi
	jmp leave

store:
	movq %rdx, (%rsi)
	xorl %edi, %edi
	jmp leave

call: // RSI number, RDX, R8, R9 arguments
	movq %rsi, %rax
	movq %rdx, %rdi
	movq %r8, %rsi
	movq %r9, %rdx
	movq %r11, %rbx
	syscall
	movq %rax, %rdi
	movq %rbx, %r11
	jmp leave

through: // the same from another place, R10, which is SYSCALL with RET behind it
	movq %rsi, %rax
	movq %rdx, %rdi
	movq %r8, %rsi
	movq %r9, %rdx
	movq %r10, %rcx
	movq %r11, %rbx
	xorl %r10d, %r10d
	xorl %r8d, %r8d
	call *%rcx
	movq %rax, %rdi
	movq %rbx, %r11
	jmp leave

old: // a call as 32-bit programs make it
	movl %esi, %eax
	int $0x80
	jmp leave

back: // without EEXIT
	jmp *%r11

spin:
	pause
	jmp spin

ocall: // leaves with what it was given
	movq %rsi, %rdi
	movq %rdx, %rsi
	jmp leave

guarded: // as a correct enclave does: RSI must be outside of its range of R9 bytes; RDX source, R8 bytes
	leaq _start(%rip), %rax
	movq %rsi, %rcx
	subq %rax, %rcx
	cmpq %r9, %rcx
	jb 1f
	movq %rsi, %rdi
	movq %rdx, %rsi
	movq %r8, %rcx
	rep movsb
	xorl %edi, %edi
	jmp leave
1:	movq $-1, %rdi
	jmp leave

jump:
	jmp *%rsi

breakpoint:
	int3
	movl $33, %edi
	jmp leave

divide:
	xorl %eax, %eax
	xorl %edx, %edx
	xorl %ecx, %ecx
	divl %ecx
	jmp leave

stray: // leaves to somewhere else
	movq %rsi, %rbx
	movl $4, %eax
	ENCLU

vectors: // 32 bytes at RSI through an exception and back to RDX
	movdqu (%rsi), %xmm3
	movdqu 16(%rsi), %xmm15
	ud2
	movdqu %xmm3, (%rdx)
	movdqu %xmm15, 16(%rdx)
	movl $5, %edi
	jmp leave

segments:
	rdfsbase %rdi
	rdgsbase %rsi
	jmp leave

short_leave: // the other form of the move
	leaq 1(%rsi), %rdi
	movq %r11, %rbx
	movl $4, %eax
	ENCLU

flags: // leaves with AC and DF set, and a store that is not aligned would fault in careless code
	std
	movl $19, %edi
	movq %r11, %rbx
	movq %rsp, %rcx
	movq %rdx, %rsp
	pushq $0x40402
	popfq
	movq %rcx, %rsp
	movl $4, %eax
	ENCLU

others: // leaves with RSP and RBP of RSI and RDX
	movq %rsi, %rsp
	movq %rdx, %rbp
	xorl %edi, %edi
	jmp leave

stepped: // TF
	movq %rsp, %rcx
	movq %rdx, %rsp
	pushq $0x102
	popfq
	nop
	movq %rcx, %rsp
	jmp leave

deep: // a stack of its own that runs over: RDX
	movq %rdx, %rsp
1:	pushq $1
	jmp 1b

silent: // the whole of the upper AVX state through an exception
	vmovdqu (%rsi), %ymm7
	ud2
	vmovdqu %ymm7, (%rdx)
	movl $6, %edi
	jmp leave

registers: // every register of its own through an exception, folded into RDI
	movl $1, %eax
	movl $2, %ebx
	movl $3, %ecx
	movl $4, %edx
	movl $5, %esi
	movl $6, %ebp
	movl $7, %r8d
	movl $8, %r9d
	movl $9, %r10d
	movl $10, %r12d
	movl $11, %r13d
	movl $12, %r14d
	movl $13, %r15d
	ud2
	leaq (%rax,%rbx), %rdi
	addq %rcx, %rdi
	addq %rdx, %rdi
	addq %rsi, %rdi
	addq %rbp, %rdi
	addq %r8, %rdi
	addq %r9, %rdi
	addq %r10, %rdi
	addq %r12, %rdi
	addq %r13, %rdi
	addq %r14, %rdi
	addq %r15, %rdi
	jmp leave

// Entered with a frame in use: RSI is where its registers are, RDX is added to its RIP. RDI: what to do else.
exception:
	cmpq $1, %rdi
	je invalid
	cmpq $2, %rdi
	je spoil
	addq %rdx, 136(%rsi)
	movl 160(%rsi), %edi
	movq -16(%rsi), %rdx
	movq -8(%rsi), %r8
	movq 136(%rsi), %r9
	movq 144(%rsi), %r10
	movq $0, %rsi
	jmp leave

spoil: // R8 to R9
	movq %r8, (%r9)
	xorl %edi, %edi
	jmp leave
