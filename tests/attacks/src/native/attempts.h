#include <sys/uio.h>

/* The private socket of an enclave, and how many descriptors a message holds at most here. */
enum { passage = 3, most_sent = 250 };

/* One row of the table of attempts: see attack.c. */
struct attempt {
  const char *name;
  /* How far it got, or a negative number with the error in errno. */
  long (*run)(void);
};

/* The path of this program. */
extern const char *program_path;

/* Attempts on a socket that the host passed, up to one without a name. */
extern const struct attempt socket_attempts[];

/* hold KIND PROGRAM WORD...: becomes PROGRAM, with one end of a private socket in place of the gate, on which sockets of KIND wait; or
 * `program=PATH`, copies of a file in memory. */
int hold(char **words);

/* Sends these bytes in one message, with as many descriptors. */
ssize_t send_descriptors(int over, struct iovec bytes, const int *descriptors, int count);

/* pass PATH PORT: a host of an enclave that connects to its passage and takes orders: see passer.c. */
int pass(char **words);
