// One scenario with every construct, in canonical form.

export const everything = `litmus revoke-deferred
"A GPU that unmaps from a worker is waited for."
"It says \\"done\\" only then."
source "seed thread, Koenig 2026-01-21"
source "commit 0123456789ab"
position STOP=V3 by "Christian Koenig" claims holds
position STOP=V1 by "Jason Gunthorpe" claims broken
expect broken P6 by gpu
contract STOP=V3, REJ=none
off P3, UF

exporter vfio: vfio_pci;
exporter mine {
  bool closed;
  attach {
    if (closed) return -ENODEV;
    if (!dma_buf_attach_revocable(att)) return -EOPNOTSUPP;
  }
  map { if (closed) return -ENODEV; else return; }
}
resv shared;
buffer bar of vfio;
buffer two of mine { resv shared; }
importer gpu: deferred of bar { speculates; rounds 2; job usage BOOKKEEP; }
importer nic[3] of bar {
  allow_peer2peer;
  fence job by hardware;
  bool stopped;
  mapping second;
  int n in 0..3 = 0;
  invalidate_mappings { queue_work(unmap); }
  work unmap {
    dma_fence_wait(job);
    dma_resv_lock(bar);
    dma_buf_unmap_attachment(map);
    dma_resv_unlock(bar);
  }
  thread app: user {
    ioctl REG_MR {
      ret = dma_buf_dynamic_attach(att);
      if (ret) return ret;
      dma_resv_lock(bar);
      if (stopped || ret == -ENODEV) goto out;
      while (n < 2) { n = n + 1; }
      while (true) { n = n - 1; if (n == 0) break; else continue; }
      choose { submit_job(map, job); } or { stop_hw(map); }
      repeat (2) { dma_buf_pin(att); }
      if (n > 0) {
        dma_buf_unpin(att);
      } else if (n != 1 && !live(second) && n + 1 >= 2 && n - 1 <= 1) {
        assert(true);
      } else {
        wait(busy);
      }
    out:
      dma_resv_unlock(bar);
    }
  }
}
party imp[2] {
  bool has;
  int dev in 0..3;
  thread main: kernel { atomic { wait(!lock); lock = true; } dev = 1; }
}
thread reset: kernel {
  vfio_pci_dma_buf_move(vfio, true);
  for (i in nic) { i.stopped = true; }
  nic[1].stopped = false;
}
workqueue wq ordered;
work w on wq { }
thread fan: device { complete(ready); }
fence late by user timeout context c seqno 2;
mutex memory_lock;
rwsem l;
completion ready;
kref k = 1;
ticket t;
bool lock = false;
unknown busy at "drivers/foo/bar.c:120";

always !(nic[0].n == 0 && live(gpu.map));
always name_of_it: nic[0].n < 3;
eventually lock;
sometimes live(gpu.map);
`;
