// Maps, pins, the ranges of iommufd and what the IOMMU shows of them (SEMANTICS B8 to B12, B27; obligations P5, P7 and P13).

import type { Moment } from '../results/trace.ts';
import type { Accusation } from './accuse.ts';
import { AttachmentRules } from './attachments.ts';
import { inCallback, openWith, type Frame, type TaskCalls } from './calls.ts';
import type { Role, TraceEvent } from './event.ts';
import { errnoText, hex, valueOf, type Pointer, type Returned } from './fields.ts';
import { kept } from './kept.ts';
import type { AttachmentObject, MappingObject } from './objects.ts';
import { Tracked } from './tracked.ts';

const MOST_MAPPINGS = 4096;
const KEPT_ENDED = 16;

export class MappingRules extends AttachmentRules {
  protected mapReturned(event: TraceEvent, moment: Moment, task: TaskCalls, frame: Frame | null, attachment: AttachmentObject | null, result: Returned | null): void {
    const outer = openWith(task, 'map');
    if (frame?.inner === true || result === null) return;
    if (outer !== null) outer.inner = true;
    if (!result.ok) {
      this.count('map refused');
      this.anomaly('refused map', `${attachment?.buffer.exporter ?? 'the exporter'} refuses to map: ${errnoText(result.error)}`, moment, attachment?.buffer ?? null, attachment);
      return;
    }
    if (attachment === null) return;
    const table = result.value;
    // The outer of two calls, whose start is not shown.
    if (frame === null && task.lastMap?.attachment === attachment && task.lastMap.table === table && event.call.function.endsWith('_unlocked')) return;
    task.lastMap = { attachment, table };
    this.count('map');
    this.granted(attachment, frame?.start ?? null, moment, event.call.function);
    attachment.maps++;
    this.mapped(attachment, 'map', table, moment, frame?.iovas ?? []);
  }

  protected mapped(attachment: AttachmentObject, kind: MappingObject['kind'], table: Pointer | null, moment: Moment, iovas: string[]): MappingObject {
    const again = this.marked ? attachment.mappings.find((one) => one.kind === kind && one.table === table) : undefined;
    if (again !== undefined) {
      this.blame(again.tracked.take('map').broken, () => ({
        at: moment, seen: 'dma_buf_map_attachment', text: `${attachment.device ?? 'the importer'} maps what it has mapped already`, nearMisses: [], evidence: [], buffer: attachment.buffer, attachment,
        needs: [], otherwise: 'unmap without map', positive: false,
      }));
      return again;
    }
    const tracked = new Tracked('mapping', this);
    tracked.oneOf('map', 'map-blocked');
    // Whose fence is whose does not show.
    if (!this.marked) tracked.perhaps('fence-busy');
    const mapping: MappingObject = { attachment, kind, table, tracked, since: moment, iovas, stale: null };
    attachment.mappings.push(mapping);
    if (attachment.mappings.length > MOST_MAPPINGS) attachment.mappings.shift();
    this.ask('P5', false);
    return mapping;
  }

  /** P7: the map began behind the end of a revoke, and no restore has begun. */
  protected granted(attachment: AttachmentObject, began: Moment | null, moment: Moment, seen: string): void {
    const { buffer } = attachment;
    const since = buffer.revokedSince;
    if (since === null || buffer.revokedEpoch !== this.epoch || began === null || began.time <= since.time) return void (this.firstSeen.has('vfio_pci_dma_buf_move:leave') && this.ask('P7', since !== null && buffer.revokedEpoch !== this.epoch));
    const { broken } = buffer.revoked.take('map-granted');
    this.blame(broken, () => ({
      at: moment, seen, text: `${buffer.exporter ?? 'the exporter'} grants a mapping though the buffer is revoked`, nearMisses: [{ state: 'open', guard: `no restore since the revoke that ended in line ${since.line}` }],
      evidence: [{ moment: since, text: 'revoked' }, { moment: began, text: `${seen} begins` }], buffer, attachment, needs: [], otherwise: 'mapped while revoked', positive: false,
    }));
  }

  protected rangeReturned(moment: Moment, task: TaskCalls, attachment: AttachmentObject | null, result: Returned | null, began: Moment | null): void {
    if (attachment === null || result?.ok !== true) return;
    this.count('range');
    this.granted(attachment, began, moment, 'iommufd_map');
    const mapping = this.mapped(attachment, 'range', null, moment, []);
    task.range = { iovas: mapping.iovas };
  }

  protected pinReturned(moment: Moment, attachment: AttachmentObject | null, result: Returned | null): void {
    if (result !== null && !result.ok) {
      this.count('pin refused');
      this.anomaly('refused pin', `${attachment?.buffer.exporter ?? 'the exporter'} refuses to pin: ${errnoText(result.error)}`, moment, attachment?.buffer ?? null, attachment);
      return;
    }
    this.count('pin');
    if (attachment === null) return;
    attachment.pins++;
    const { least, most } = attachment.pinCount;
    attachment.pinCount = { least: least + 1, most: most === null ? null : most + 1 };
    // The automaton knows "twice" and no more.
    if (least < 2) attachment.pin.take('pin');
    this.ask('P5', false);
  }

  protected unpinned(frame: Frame, moment: Moment, task: TaskCalls): void {
    const { attachment } = frame;
    this.count('unpin');
    if (attachment === null) return;
    attachment.unpins++;
    const { least, most } = attachment.pinCount;
    attachment.pinCount = { least: Math.max(0, least - 1), most: most === null ? null : Math.max(0, most - 1) };
    if (least > 2) return;
    const began = attachment.attached;
    const sure = attachment.complete && began !== null && this.armedBefore('dma_buf_pin:leave', began.line);
    const isNone = most === 0 && (sure || attachment.pins > 0 || this.simulated);
    if (most === 0 && !isNone) {
      this.anomaly('unpin without pin', `dma_buf_unpin without a pin that shows`, moment, attachment.buffer, attachment, 'dma_buf_pin first shows later: perhaps it was not probed yet');
      return;
    }
    const evidence = began === null ? [] : [{ moment: began, text: 'attached' }];
    const about = (): Omit<Accusation, 'obligation' | 'possible'> => ({
      at: moment, seen: 'dma_buf_unpin', text: `${attachment.device ?? 'the importer'} unpins, but holds no pin`, nearMisses: [{ state: 'held', guard: `${attachment.pins} pins and ${attachment.unpins} unpins were seen` }],
      evidence, buffer: attachment.buffer, attachment, needs: ['dma_buf_pin'], otherwise: 'unpin without pin', positive: false,
    });
    this.blameGiveBack(attachment.pin, 'unpin', task, about);
  }

  protected unmapped(frame: Frame, moment: Moment, task: TaskCalls): void {
    const { attachment, table } = frame;
    this.count('unmap');
    if (attachment === null) return;
    attachment.unmaps++;
    const candidates = attachment.mappings.filter((one) => one.kind === 'map' && (table === null || one.table === null || one.table === table));
    const mapping = candidates.find(({ stale }) => stale !== null) ?? candidates[0];
    if (mapping === undefined) return this.unmapOfNothing(frame, attachment, table, moment, task);
    const evidence = mapping.since === null ? [] : [{ moment: mapping.since, text: 'mapped' }];
    const about = (): Omit<Accusation, 'obligation' | 'possible'> => ({
      at: moment, seen: 'dma_buf_unmap_attachment', text: `${attachment.device ?? 'the importer'} unmaps a mapping that is not alive`, nearMisses: [], evidence, buffer: attachment.buffer, attachment,
      needs: ['dma_buf_map_attachment'], otherwise: 'unmap without map', positive: false,
    });
    this.blameGiveBack(mapping.tracked, 'unmap', task, about);
    attachment.mappings.splice(attachment.mappings.indexOf(mapping), 1);
    frame.iovas = mapping.iovas;
    if (table !== null) {
      attachment.ended.push({ table, at: moment, epoch: this.epoch });
      if (attachment.ended.length > KEPT_ENDED) attachment.ended.shift();
    }
    mapping.stale?.told('dma_buf_unmap_attachment', moment);
    this.accessEnded(attachment, mapping, 'dma_buf_unmap_attachment', moment, task);
    this.listener.span?.({ what: 'mapped', kind: 'mapping', start: mapping.since, end: moment, buffer: attachment.buffer, attachment });
  }

  /** Only the return shows, without the table. */
  protected unmappedSomething(attachment: AttachmentObject): void {
    this.count('unmap');
    attachment.unmaps++;
    for (const mapping of attachment.mappings) mapping.tracked.perhaps('unmap');
  }

  protected unmapOfNothing(frame: Frame, attachment: AttachmentObject, table: Pointer | null, moment: Moment, task: TaskCalls): void {
    const before = table === null ? undefined : attachment.ended.findLast((one) => one.table === table && one.epoch === this.epoch);
    const began = attachment.attached;
    const fromBirth = began !== null && attachment.complete && this.armedBefore('dma_buf_map_attachment:leave', began.line);
    const known = fromBirth || this.simulated || (before !== undefined && this.armedBefore('dma_buf_map_attachment:leave', before.at.line));
    if (!known) {
      if (attachment.complete) this.anomaly('unmap without map', 'dma_buf_unmap_attachment of a mapping that the log does not show', moment, attachment.buffer, attachment, 'dma_buf_map_attachment does not show before: perhaps it was not probed yet');
      return;
    }
    const others = attachment.mappings.filter(({ kind, table: one }) => kind === 'map' && one !== null);
    const about = (): Omit<Accusation, 'obligation' | 'possible'> => ({
      at: moment, seen: frame.call.function, text: `${attachment.device ?? 'the importer'} unmaps${table === null ? '' : ` sg_table ${hex(table) ?? ''}`}, which is not mapped`,
      nearMisses: [
        ...others.map((one) => ({ state: `live (sg_table ${hex(one.table) ?? ''})`, guard: 'another sg_table' })),
        ...(before === undefined ? [] : [{ state: 'live', guard: `it was unmapped in line ${before.at.line} and not mapped since` }]),
      ],
      evidence: [...(began === null ? [] : [{ moment: began, text: 'attached' }]), ...(before === undefined ? [] : [{ moment: before.at, text: 'unmapped' }])],
      buffer: attachment.buffer, attachment, needs: ['dma_buf_map_attachment'], otherwise: 'unmap without map', positive: false,
    });
    this.blameGiveBack(new Tracked('mapping', this), 'unmap', task, about);
  }

  /** In a callback P13 says more than P5 does of the same call. */
  protected blameGiveBack(tracked: Tracked, event: 'unmap' | 'unpin', task: TaskCalls, about: () => Omit<Accusation, 'obligation' | 'possible'>): void {
    const { broken } = inCallback(task) ? tracked.take(`callback-${event}`) : { broken: [] };
    const own = tracked.take(event).broken;
    this.blame(broken.length > 0 ? broken : own, about);
  }

  protected armedBefore(call: string, line: number): boolean {
    const first = this.firstSeen.get(call);
    return this.simulated || this.declared.has(call.replace(/:leave$/, '')) || (first !== undefined && first <= line);
  }

  protected iommu(role: Role, payload: string, moment: Moment, task: TaskCalls | null): void {
    const iova = valueOf(payload, 'iova');
    if (iova === null || task === null) return;
    if (role === 'iommu-map') {
      const mapFrame = openWith(task, 'map');
      if (mapFrame !== null) mapFrame.iovas.push(kept(iova));
      else if (task.range !== null) {
        task.range.iovas.push(kept(iova));
        task.range = null;
      }
      return;
    }
    if (role !== 'iommu-unmap') return;
    const unmapFrame = openWith(task, 'unmap');
    if (unmapFrame?.attachment != null && unmapFrame.iovas.includes(iova)) {
      this.accessEnded(unmapFrame.attachment, null, 'iommu:unmap', moment, task);
      return;
    }
    const callback = task.open.findLast((one) => one.callback);
    const here = callback?.attachment == null ? null : rangeAt(callback.attachment, iova);
    const mapping = here ?? this.rangeAnywhere(iova);
    if (mapping === null) return;
    const { attachment } = mapping;
    this.count('range end');
    if (callback !== undefined) mapping.tracked.take('callback-unmap');
    mapping.tracked.take('unmap');
    attachment.mappings.splice(attachment.mappings.indexOf(mapping), 1);
    mapping.stale?.told('iommu:unmap', moment);
    this.accessEnded(attachment, mapping, 'iommu:unmap', moment, task);
    this.listener.span?.({ what: 'mapped by iommufd', kind: 'mapping', start: mapping.since, end: moment, buffer: attachment.buffer, attachment });
  }

  protected rangeAnywhere(iova: string): MappingObject | null {
    for (const buffer of this.objects.alive) for (const attachment of buffer.attachments) {
      const found = rangeAt(attachment, iova);
      if (found !== null) return found;
    }
    return null;
  }

  /** Inside an invalidate: the importer has given up its access. */
  protected accessEnded(attachment: AttachmentObject, mapping: MappingObject | null, by: string, moment: Moment, task: TaskCalls): void {
    const frame = openWith(task, 'invalidate');
    const record = frame?.revoke ?? null;
    const open = record?.invalidates.find(({ start }) => start === frame?.start);
    if (record === null || open === undefined || open.buffer !== attachment.buffer) return;
    record.accessEnds.push({ attachment: hex(attachment.pointer ?? attachment.hashed), device: attachment.device, ino: attachment.buffer.ino, by, at: moment, after: moment.time - open.start.time });
    // The unmap call counts once, whatever the IOMMU does inside it.
    if (mapping !== null) this.latencies.add('end of access', attachment.buffer.exporter, attachment.device, moment.time - open.start.time);
    if (by !== 'iommu:unmap' || mapping !== null) this.ask('P6', false);
  }
}

function rangeAt(attachment: AttachmentObject, iova: string): MappingObject | null {
  return attachment.mappings.find(({ kind, iovas }) => kind === 'range' && iovas.includes(iova)) ?? null;
}
