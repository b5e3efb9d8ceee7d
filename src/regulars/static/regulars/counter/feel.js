// What the hand and the ear notice: sounds, trembling, a screen that stays awake.

const NOTES = {
  scan: [[1320, 0, 0.06]],
  ok: [[880, 0, 0.09], [1320, 0.09, 0.16]],
  reward: [[784, 0, 0.1], [988, 0.1, 0.1], [1175, 0.2, 0.1], [1568, 0.3, 0.3]],
  queued: [[660, 0, 0.1], [660, 0.16, 0.1]],
  refused: [[196, 0, 0.18], [156, 0.2, 0.3]],
};
const TREMBLE = { scan: 20, ok: 60, reward: [60, 40, 60, 40, 120], queued: [40, 60, 40], refused: [180, 80, 180] };

let audio;
let awake;

/** Browsers allow sound once somebody has touched the page. */
export function listenForTouch() {
  const wake = () => {
    audio ??= window.AudioContext ? new AudioContext() : null;
    audio?.resume?.().catch(() => {});
  };
  document.addEventListener("pointerdown", wake, { capture: true });
  document.addEventListener("keydown", wake, { capture: true });
}

export function feel(kind, { sound = true } = {}) {
  if (navigator.userActivation?.hasBeenActive) {
    navigator.vibrate?.(TREMBLE[kind]);
  }
  if (!sound || audio?.state !== "running") {
    return;
  }
  for (const [pitch, after, lasts] of NOTES[kind]) {
    const start = audio.currentTime + after;
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.type = kind === "refused" ? "sawtooth" : "sine";
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.0001, start);
    loud.gain.exponentialRampToValueAtTime(0.22, start + 0.012);
    loud.gain.exponentialRampToValueAtTime(0.0001, start + lasts);
    tone.connect(loud).connect(audio.destination);
    tone.start(start);
    tone.stop(start + lasts + 0.02);
  }
}

/** Keep the screen on while the counter is in sight. */
export async function stayAwake() {
  if (document.visibilityState !== "visible" || (awake && !awake.released)) {
    return;
  }
  try {
    awake = await navigator.wakeLock?.request("screen");
  } catch {
    awake = undefined; // a battery that is low decides
  }
}
