// The camera: one stream, one detector (the browser's own where it reads QR codes, else ours), a few looks a second.

const FORMATS = ["qr_code", "code_128", "code_39", "ean_13"];
const BETWEEN = 110; // milliseconds between two looks
const WIDEST = 960; // pixels of a picture that is looked at
const SAME_AGAIN = 2500; // milliseconds out of sight before a code counts again
const CHOSEN = "regulars-counter-camera";

let detecting;

async function ours() {
  const here = new URL(".", import.meta.url);
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("barcode-detector.js", here).href;
    script.onload = resolve;
    script.onerror = () => reject(new Error("the detector did not come"));
    document.head.append(script);
  });
  const { BarcodeDetector, prepareZXingModule } = window.BarcodeDetectionAPI;
  await prepareZXingModule({
    overrides: { locateFile: (name) => new URL(name, here).href },
    fireImmediately: true,
  });
  return new BarcodeDetector({ formats: FORMATS });
}

async function made() {
  const known = (await window.BarcodeDetector?.getSupportedFormats?.().catch(() => [])) ?? [];
  if (known.includes("qr_code")) {
    return new window.BarcodeDetector({ formats: FORMATS.filter((one) => known.includes(one)) });
  }
  return ours();
}

function detector() {
  detecting ??= made().catch((problem) => {
    detecting = undefined; // the network may be back at the next try
    throw problem;
  });
  return detecting;
}

/** Somebody left, or the camera went, while it woke up. */
class Disturbed extends Error {
  name = "Disturbed";
}

function end(stream) {
  for (const track of stream?.getTracks() ?? []) {
    track.stop();
  }
}

async function all() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((one) => one.kind === "videoinput");
}

export class Camera {
  /** `found(code)` says whether it took the code; until it does, the code is found again. */
  constructor({ video, found, ended }) {
    Object.assign(this, { video, found, ended, stream: null, seen: "", seenAt: 0, paused: false, turn: 0 });
    this.canvas = document.createElement("canvas");
  }

  /** Whether it may start by itself: somebody allowed it before. */
  async allowed() {
    try {
      return (await navigator.permissions.query({ name: "camera" })).state === "granted";
    } catch {
      return localStorage.getItem("regulars-counter-camera-used") === "yes";
    }
  }

  async start(deviceId = localStorage.getItem(CHOSEN) ?? "") {
    this.stop();
    const turn = this.turn;
    const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
    const stillWanted = (stream) => {
      if (turn !== this.turn) {
        end(stream);
        throw new Disturbed();
      }
    };
    const wanted = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: "environment" } };
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { ...size, ...wanted }, audio: false });
    } catch (problem) {
      stillWanted();
      if (deviceId && problem.name === "OverconstrainedError") {
        localStorage.removeItem(CHOSEN); // that camera is not plugged in any more
        return this.start("");
      }
      throw problem;
    }
    stillWanted(stream);
    localStorage.setItem("regulars-counter-camera-used", "yes");
    this.stream = this.video.srcObject = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => this.stream === stream && this.lost("camera_lost"), { once: true });
    let cameras;
    try {
      [cameras] = await Promise.all([all(), this.video.play()]);
    } finally {
      stillWanted(stream);
    }
    // The picture is there before the reader of codes, which may have to come over the network first.
    detector().then((reader) => this.look(reader, stream), () => this.lost("reader_failed"));
    return { ...this.features(track), several: cameras.length > 1 };
  }

  features(track) {
    const can = track.getCapabilities?.() ?? {};
    const is = track.getSettings?.() ?? {};
    return { torch: Boolean(can.torch), mirrored: is.facingMode === "user", deviceId: is.deviceId ?? "" };
  }

  lost(why) {
    this.stop();
    this.ended(why);
  }

  async look(reader, stream) {
    while (this.stream === stream) {
      if (!this.paused && this.video.readyState >= 2 && document.visibilityState === "visible") {
        const codes = await reader.detect(this.picture()).catch(() => []);
        this.note(codes.find((code) => code.rawValue)?.rawValue ?? "");
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN));
    }
  }

  picture() {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, WIDEST / videoWidth);
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    this.canvas.getContext("2d", { willReadFrequently: true }).drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return this.canvas;
  }

  note(code) {
    const now = performance.now();
    if (!code) {
      return;
    }
    // A card that still lies there is not another scan.
    const again = code === this.seen && now - this.seenAt < SAME_AGAIN;
    if (again || this.found(code)) {
      this.seen = code;
      this.seenAt = now;
    }
  }

  async torch(on) {
    await this.stream?.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
  }

  /** The next camera of this device. */
  async next() {
    const { turn } = this;
    const cameras = await all();
    if (turn !== this.turn) {
      throw new Disturbed();
    }
    const now = this.stream?.getVideoTracks()[0].getSettings().deviceId;
    const at = cameras.findIndex((one) => one.deviceId === now);
    const { deviceId } = cameras[(at + 1) % cameras.length];
    localStorage.setItem(CHOSEN, deviceId);
    return this.start(deviceId);
  }

  stop() {
    this.turn += 1;
    end(this.stream);
    this.stream = null;
    this.video.srcObject = null;
  }
}
