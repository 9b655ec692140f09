"""A file system that loses what has not been flushed: usage: power_loss.py MOUNT FOLDER SEED

It passes everything on to FOLDER until it is unmounted, the power failure. Then FOLDER gets what a disk may have: content that was flushed by fsync, and
names whose folder was flushed. SEED 0: nothing else. Else some of the rest too: unflushed content whole, in part or not at all, each new name or the old one.
Not covered: unordered blocks within a flushed file, lying disks.
"""

import errno
import itertools
import os
import random
import shutil
import stat
import sys

from fusepy import FUSE, FuseOSError, Operations


class LossyDisk(Operations):
    def __init__(self, folder):
        self.folder = folder
        self.ids = {}  # inode -> identity, since inodes are used again
        self.next = itertools.count()
        self.contents = {}  # identity of a file -> flushed bytes
        self.names = {}  # identity of a folder -> flushed names {name: identity}
        self.kinds = {}  # identity -> whether it is a folder
        self.root = self.identify(folder, known=True)
        for path, folders, files in os.walk(folder):
            for name in folders + files:
                self.identify(os.path.join(path, name), known=True)
        for path, folders, files in os.walk(folder):
            self.flush_folder(path)
            for name in files:
                self.flush_file(os.path.join(path, name))

    def identify(self, path, known=False):
        status = os.lstat(path)
        if not known or status.st_ino not in self.ids:
            self.ids[status.st_ino] = next(self.next)
        identity = self.ids[status.st_ino]
        self.kinds[identity] = stat.S_ISDIR(status.st_mode)
        return identity

    def identity(self, path):
        return self.ids[os.lstat(path).st_ino]

    def flush_file(self, path):
        with open(path, "rb") as file:
            self.contents[self.ids[os.fstat(file.fileno()).st_ino]] = file.read()

    def flush_folder(self, path):
        self.names[self.identity(path)] = {name: self.identity(os.path.join(path, name)) for name in os.listdir(path)}

    def lose(self, seed):
        """Replaces the folder by what the disk has."""
        chance = random.Random(seed)
        keeps = (lambda: chance.random() < 0.5) if seed else (lambda: False)
        now = {self.root: self.folder}
        for path, folders, files in os.walk(self.folder):
            for name in folders + files:
                now[self.identity(os.path.join(path, name))] = os.path.join(path, name)

        def content(identity):
            flushed = self.contents.get(identity, b"")
            if identity not in now or not keeps():
                return flushed
            with open(now[identity], "rb") as file:
                current = file.read()
            return current if keeps() else current[: chance.randint(min(len(flushed), len(current)), len(current))]

        def build(identity, path):
            os.mkdir(path, 0o700)
            flushed = self.names.get(identity, {})
            current = {name: self.identity(os.path.join(now[identity], name)) for name in os.listdir(now[identity])} if identity in now else flushed
            for name in sorted(flushed.keys() | current.keys()):
                child = (current if keeps() else flushed).get(name)
                if child is None:
                    continue
                if self.kinds[child]:
                    build(child, os.path.join(path, name))
                else:
                    with open(os.path.join(path, name), "wb") as file:
                        file.write(content(child))
                    os.chmod(os.path.join(path, name), 0o600)

        rebuilt = self.folder + ".rebuilt"
        build(self.root, rebuilt)
        shutil.rmtree(self.folder)
        os.rename(rebuilt, self.folder)

    def path(self, path):
        return self.folder + path

    def getattr(self, path, fh=None):
        status = os.fstat(fh) if fh is not None else os.lstat(self.path(path))
        return {
            name: getattr(status, name)
            for name in ("st_atime", "st_ctime", "st_mtime", "st_gid", "st_uid", "st_mode", "st_nlink", "st_size", "st_blocks", "st_ino")
        }

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(self.path(path))]

    def statfs(self, path):
        status = os.statvfs(self.path(path))
        return {name: getattr(status, name) for name in ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_files", "f_ffree", "f_frsize", "f_namemax")}

    def access(self, path, mode):
        if not os.access(self.path(path), mode):
            raise FuseOSError(errno.EACCES)

    def create(self, path, mode, fi=None):
        fh = os.open(self.path(path), os.O_RDWR | os.O_CREAT, mode)
        self.identify(self.path(path))
        return fh

    def open(self, path, flags):
        return os.open(self.path(path), flags & ~(os.O_CREAT | os.O_EXCL | os.O_APPEND))

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(fh if fh is not None else self.path(path), length)

    def fsync(self, path, datasync, fh):
        size = os.fstat(fh).st_size
        with open(f"/proc/self/fd/{fh}", "rb") as file:
            self.contents[self.ids[os.fstat(fh).st_ino]] = file.read(size)
        return 0

    def fsyncdir(self, path, datasync, fh):
        self.flush_folder(self.path(path))
        return 0

    def release(self, path, fh):
        os.close(fh)

    def mkdir(self, path, mode):
        os.mkdir(self.path(path), mode)
        self.identify(self.path(path))

    def rmdir(self, path):
        os.rmdir(self.path(path))

    def unlink(self, path):
        os.unlink(self.path(path))

    def rename(self, old, new):
        os.rename(self.path(old), self.path(new))

    def chmod(self, path, mode):
        os.chmod(self.path(path), mode)

    def utimens(self, path, times=None):
        os.utime(self.path(path), times)


if __name__ == "__main__":
    mount, folder, seed = sys.argv[1], sys.argv[2].rstrip("/"), int(sys.argv[3])
    disk = LossyDisk(folder)
    FUSE(disk, mount, foreground=True, nothreads=True, attr_timeout=0, entry_timeout=0, default_permissions=True)
    disk.lose(seed)
