// What this device keeps: who is signed in, the members it saw, and what is still to be sent.

const NAME = "regulars-counter";
const KEPT_DAYS = 30;
const KEPT_MEMBERS = 1000;

let opening;

function open() {
  opening ??= opened().catch((problem) => {
    opening = undefined; // the next time it may go
    throw problem;
  });
  return opening;
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      const base = request.result;
      base.createObjectStore("facts");
      base.createObjectStore("queue", { keyPath: "client_id" });
      base.createObjectStore("members", { keyPath: "key" }).createIndex("at", "at");
    };
    request.onsuccess = () => {
      const base = request.result;
      // Browsers close it when they clear their storage, or somebody does.
      base.onclose = forget;
      base.onversionchange = () => {
        base.close();
        forget();
      };
      resolve(base);
    };
    request.onerror = () => reject(request.error);
  });
}

function forget() {
  opening = undefined;
}

async function begun(name, mode, durability) {
  const base = await open();
  return base.transaction(name, mode, { durability });
}

/** Run `work(store)` in a transaction; resolves with the result of its request once it is on the disk. */
async function within(name, mode, work, durability = "strict") {
  const transaction = await begun(name, mode, durability).catch(() => {
    forget(); // it was closed without a word
    return begun(name, mode, durability);
  });
  return new Promise((resolve, reject) => {
    const request = work(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

export const facts = {
  get: (key) => within("facts", "readonly", (store) => store.get(key)).catch(() => undefined),
  set: (key, value) => within("facts", "readwrite", (store) => store.put(value, key)).catch(() => {}),
};

export const queue = {
  all: () => within("queue", "readonly", (store) => store.getAll()),
  put: (item, durability) => within("queue", "readwrite", (store) => store.put(item), durability),
  /** Change pieces that are still there, as they are by now: `work(item)` says how one becomes, null for gone, or
   *  undefined to leave it as it is. Resolves with what was found, in its new state where it has one. */
  async change(ids, work) {
    const found = [];
    await within("queue", "readwrite", (store) => {
      for (const id of ids) {
        store.get(id).onsuccess = ({ target: { result } }) => {
          const next = result && work(result);
          if (next) {
            store.put(next);
          } else if (next === null) {
            store.delete(id);
          }
          if (result) {
            found.push(next ?? result);
          }
        };
      }
    });
    return found;
  },
  /** That it is gone need not be on the disk: a piece that comes back is sent, and done once. */
  remove: (id) => within("queue", "readwrite", (store) => store.delete(id), "relaxed"),
};

/** The code in whatever a camera read or somebody typed: that of a card's address, or the text itself. */
export function codeOf(scanned) {
  const found = /\/card\/([^/?#]+)/.exec(scanned);
  return (found ? plain(found[1]) : scanned).trim().toLowerCase();
}

/** Whether the server may know one member by this: a card's code or address, a member's code, a phone, an e-mail. */
export function mayBeCode(scanned) {
  return /[\d@]|^[a-f]{16}$/.test(codeOf(scanned));
}

function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // it is none, but that is for the server to say
  }
}

export const members = {
  async remember(business, keys, member) {
    const at = Date.now();
    const kept = { ...member, last: [] };
    await within("members", "readwrite", (store) => {
      for (const key of new Set(keys.filter(Boolean).map(String))) {
        store.put({ key: `${business}:${codeOf(key)}`, at, member: kept });
      }
      const old = store.index("at").openCursor(IDBKeyRange.upperBound(at - KEPT_DAYS * 86_400_000));
      old.onsuccess = () => {
        old.result?.delete();
        old.result?.continue();
      };
      const count = store.count();
      count.onsuccess = () => {
        let spare = count.result - KEPT_MEMBERS;
        if (spare > 0) {
          const oldest = store.index("at").openCursor();
          oldest.onsuccess = () => {
            if (oldest.result && spare-- > 0) {
              oldest.result.delete();
              oldest.result.continue();
            }
          };
        }
      };
      return null;
    }).catch(() => {});
  },
  recall: (business, key) =>
    within("members", "readonly", (store) => store.get(`${business}:${codeOf(String(key))}`)).catch(() => undefined),
  forget: () => within("members", "readwrite", (store) => store.clear()).catch(() => {}),
};
