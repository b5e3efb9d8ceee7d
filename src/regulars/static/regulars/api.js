// The viewer has a dark theme but does not ask which one the reader prefers.
const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.classList.toggle("dark-mode", prefersDark.matches);
}

follow();
prefersDark.addEventListener("change", follow);
