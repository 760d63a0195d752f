package kernel

import (
	"syscall"

	. "enclos.invalid/sdk/internal/core"
)

// VkBoot makes what the manifest declares, once EnclosBoot has read it.
func VkBoot() *VkKernel {
	most := 1024
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < vkMostSockets {
		most = int(limit.Cur)
	}
	k := vkNewKernel(most)
	_, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, vkPassage, syscall.F_GETFD, 0)
	k.hasPassage = errno == 0
	k.files.build(EnclosManifest(), EnclosFiles())
	k.enterWorkingFolder()
	return k
}

// enterWorkingFolder makes the folder that the variable PWD names the one in which the program starts.
func (k *VkKernel) enterWorkingFolder() {
	folder := ""
	for _, variable := range EnclosManifest().Environment {
		if variable.Name == "PWD" {
			folder = variable.Value
		}
	}
	for _, variable := range EnclosHostEnvironment() {
		if variable[0] == "PWD" {
			folder = variable[1]
		}
	}
	if folder == "" {
		return
	}
	if err := k.Chdir(folder); err != nil {
		vkWarn("The working folder stays /, because PWD names " + folder + ": " + err.Error())
	}
}

// vkMostSockets bounds the table of sockets where the machine does not bound descriptors.
const vkMostSockets = 65536

// HostName is the name of the enclave: that of the machine is not its business.
func (k *VkKernel) HostName() string { return EnclosManifest().Name }

// Finish writes what waits to be written, when the program ends.
func (k *VkKernel) Finish() {
	for i := range k.lines {
		k.lines[i].finish()
	}
	EnclosFlush()
}
