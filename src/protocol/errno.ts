// The errno values that dma-buf calls return. Order is the encoding: index + 1 is the value in a packed state.

export const ERRNOS = ['EINVAL', 'ENODEV', 'EOPNOTSUPP', 'EBUSY', 'ENOMEM', 'EDEADLK', 'EALREADY', 'ERESTARTSYS', 'EINTR', 'ETIMEDOUT', 'EBADF', 'ENOENT', 'EMFILE', 'EOVERFLOW', 'EFAULT', 'ENOSYS', 'EPERM', 'EIO', 'ENXIO', 'EACCES', 'EAGAIN', 'ETIME', 'ENOSPC'] as const;

export type Errno = (typeof ERRNOS)[number];

/** 1 … n; 0 is success. */
export const errnoValue = (name: Errno): number => ERRNOS.indexOf(name) + 1;

/** What a call that returns a bool leaves in the result: no errno, but not zero. */
export const TRUE_RESULT = ERRNOS.length + 1;

/** Values of a result or of `ret`: 0, the errnos, true. */
export const RESULT_VALUES: readonly string[] = ['0', ...ERRNOS.map((e) => `-${e}`), 'true'];

export function isErrno(name: string): name is Errno {
  return (ERRNOS as readonly string[]).includes(name);
}
