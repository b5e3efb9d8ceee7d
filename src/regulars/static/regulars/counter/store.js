// What this device keeps: who is signed in, the members it saw, and what is still to be sent.

const NAME = "regulars-counter";
const KEPT_DAYS = 30;
const KEPT_MEMBERS = 1000;

let opening;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      const base = request.result;
      base.createObjectStore("facts");
      base.createObjectStore("queue", { keyPath: "client_id" });
      base.createObjectStore("members", { keyPath: "key" }).createIndex("at", "at");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opening;
}

/** Run `work(store)` in a transaction; resolves with the result of its request once it is on the disk. */
async function within(name, mode, work) {
  const base = await open();
  return new Promise((resolve, reject) => {
    const transaction = base.transaction(name, mode, { durability: "strict" });
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
  put: (item) => within("queue", "readwrite", (store) => store.put(item)),
  /** Mark pieces as tried; resolves with those that are still there. */
  async mark(ids) {
    const found = [];
    await within("queue", "readwrite", (store) => {
      for (const id of ids) {
        store.get(id).onsuccess = ({ target }) => {
          if (target.result) {
            found.push({ ...target.result, tried: true });
            store.put(found.at(-1));
          }
        };
      }
    });
    return found;
  },
  drop: (id) => within("queue", "readwrite", (store) => store.delete(id)),
};

/** The code in whatever a camera read or somebody typed: that of a card's address, or the text itself. */
export function codeOf(scanned) {
  const found = /\/card\/([^/?#]+)/.exec(scanned);
  return (found ? decodeURIComponent(found[1]) : scanned).trim().toLowerCase();
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
