/** Freestanding, position-independent, and without anything that would need a relocation, a register of the FPU or a libc. */
export const relayFlags: readonly string[] = (
  '-std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -fno-builtin -fPIE -fno-stack-protector -fno-jump-tables ' +
  '-fno-asynchronous-unwind-tables -mgeneral-regs-only -static-pie -nostdlib -s ' +
  '-Wl,-z,noexecstack,-z,text,-z,norelro,--build-id=none,--no-undefined,-e,_start'
).split(' ');
