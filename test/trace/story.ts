// Made-up logs, one call a line, as the probes of the recordings would print them. For the tests of what must be found.

const HEX = (n: number): string => `0xffff8880000${n.toString(16).padStart(5, '0')}`;
export const buffer = (n: number): string => HEX(0x1000 + n * 0x100);
export const resv = (n: number): string => HEX(0x10e8 + n * 0x100);
export const attachment = (n: number): string => HEX(0x2000 + n * 0x100);
export const table = (n: number): string => HEX(0x3000 + n * 0x100);
const enter = (name: string, rest = ''): string => `${name}__entry: (${name}+0x4/0x90)${rest === '' ? '' : ` ${rest}`}`;
const leave = (name: string, rest = '', caller = 'importer_ioctl'): string => `${name}__exit: (${caller}+0x44/0x90 <- ${name})${rest === '' ? '' : ` ${rest}`}`;

export const exported = (n: number): string[] => [
  enter('dma_buf_export'), `dma_buf_export: exp_name=vfio_pci_core size=65536 ino=${n}`, leave('dma_buf_export', `ret=${buffer(n)}`, 'vfio_pci_core_feature_dma_buf'), `dma_buf_fd: exp_name=vfio_pci_core size=65536 ino=${n} fd=8`,
];
export const attached = (b: number, a: number, device = `0000:00:0${a}.0`): string[] => [
  enter('dma_buf_dynamic_attach', `dmabuf=${buffer(b)} dev=0xffff888000004000 ops=0xffffffffc01d28a0 priv=0x0 ino=${b} resv=${resv(b)}`),
  `dma_buf_dynamic_attach: exp_name=vfio_pci_core size=65536 ino=${b} attachment:${attachment(a).slice(2)} is_dynamic=1 dev_name=${device}`,
  leave('dma_buf_dynamic_attach', `dmabuf=${buffer(b)} ret=${attachment(a)}`),
];
export const detached = (b: number, a: number, device = `0000:00:0${a}.0`): string[] => [
  enter('dma_buf_detach', `dmabuf=${buffer(b)} attach=${attachment(a)} ino=${b}`), `dma_buf_detach: exp_name=vfio_pci_core size=65536 ino=${b} attachment:${attachment(a).slice(2)} is_dynamic=1 dev_name=${device}`,
  leave('dma_buf_detach', `dmabuf=${buffer(b)} attach=${attachment(a)}`),
];
const simple = (name: string, a: number, b: number, ret: string | null = null): string[] => [enter(name, `attach=${attachment(a)} dmabuf=${buffer(b)}`), leave(name, `attach=${attachment(a)}${ret === null ? '' : ` ret=${ret}`}`)];
export const pinned = (b: number, a: number): string[] => simple('dma_buf_pin', a, b, '0');
export const unpinned = (b: number, a: number): string[] => simple('dma_buf_unpin', a, b);
export const mapped = (b: number, a: number, t: number): string[] => simple('dma_buf_map_attachment', a, b, table(t));
export const unmapped = (b: number, a: number, t: number): string[] => [enter('dma_buf_unmap_attachment', `attach=${attachment(a)} dmabuf=${buffer(b)} sgt=${table(t)} dir=0`), leave('dma_buf_unmap_attachment', `attach=${attachment(a)}`)];
export const callback = (b: number, a: number, inside: readonly string[] = [], name = 'importer_invalidate'): string[] => [
  enter(name, `attach=${attachment(a)} dmabuf=${buffer(b)}`), ...inside, leave(name, `attach=${attachment(a)}`, 'dma_buf_invalidate_mappings'),
];
export const invalidated = (b: number, inside: readonly string[] = []): string[] => [
  enter('dma_buf_invalidate_mappings', `dmabuf=${buffer(b)} ino=${b} resv=${resv(b)}`), ...inside, leave('dma_buf_invalidate_mappings', `dmabuf=${buffer(b)}`, 'vfio_pci_dma_buf_move'),
];
export const waited = (b: number): string[] => [enter('dma_resv_wait_timeout', `resv=${resv(b)} usage=3 intr=0 timeout=9223372036854775807`), leave('dma_resv_wait_timeout', `resv=${resv(b)} ret=9223372036854775807`, 'vfio_pci_dma_buf_move')];
export const moveBegins = (revoked: 0 | 1): string => enter('vfio_pci_dma_buf_move', `vdev=0xffff888000005000 revoked=${revoked}`);
export const moveEnds = (): string => leave('vfio_pci_dma_buf_move', 'vdev=0xffff888000005000', 'vfio_pci_core_ioctl');
export const moved = (revoked: 0 | 1, inside: readonly string[] = []): string[] => [moveBegins(revoked), ...inside, moveEnds()];
/** By another task. */
export const by = (task: string, lines: readonly string[]): string[] => lines.map((line) => `@${task} ${line}`);
