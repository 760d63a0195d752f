import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { podUidOf } from '../../src/caller/pod-uid.ts';

const uid = '6d4ea4f2-3b1a-4c6e-9d0a-0f3f0d2b8c11';
const other = '00000000-0000-4000-8000-000000000000';

describe('the UID of a pod', () => {
  test('is in the cgroup that cgroupfs or systemd gives its containers', () => {
    for (const path of [
      `/kubepods/burstable/pod${uid}/0123456789abcdef`,
      `/kubepods/pod${uid}/x`,
      `/../../besteffort/pod${uid}/x`,
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll('-', '_')}.slice/cri-containerd-1.scope`,
      `/host/cgroup/kubepods.slice/kubepods-pod${uid.replaceAll('-', '_')}.slice/x`,
    ]) {
      assert.equal(podUidOf([path]), uid, path);
    }
    assert.equal(podUidOf(['/', `/kubepods/pod${uid}/x`]), uid);
  });

  test('is not one that a container gives to a cgroup below its own', () => {
    assert.equal(podUidOf([`/kubepods/pod${uid}/x/pod${other}`]), uid);
  });

  test('is unknown elsewhere', () => {
    for (const path of ['/', '/user.slice', `/kubepods/${uid}`, '/kubepods/pod1', `/kubepods/xpod${uid}`]) {
      assert.equal(podUidOf([path]), undefined, path);
    }
    assert.equal(podUidOf([]), undefined);
  });
});
