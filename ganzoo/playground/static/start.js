// Starts the page, or says why this browser cannot run it. A classic script: modules do not load from a file.
"use strict";
(function () {
  var SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  var problem = document.getElementById("problem");

  function reason() {
    if (location.protocol === "file:") {
      return "Browsers let no page that is opened from the disk read the files beside it. Serve the folder, by " +
        "“python -m http.server” in it, and open http://localhost:8000.";
    }
    if (typeof WebAssembly !== "object") {
      return "This browser has no WebAssembly, or it is switched off. The networks run in it.";
    }
    if (!WebAssembly.validate(new Uint8Array(SIMD))) {
      return "This browser's WebAssembly has no SIMD, which the networks need. Chrome 91, Firefox 89 and Safari 16.4 have it.";
    }
    try {
      new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    } catch (error) {
      return "This browser's WebAssembly has no shared memory, which the networks' runtime asks for. Chrome 91, " +
        "Firefox 89 and Safari 16.4 have it.";
    }
    return "";
  }

  function fail(text) {
    problem.textContent = text;
    problem.hidden = false;
  }

  var text = reason();
  if (text) {
    fail(text);
  } else {
    problem.hidden = true;
    import("./page.js").catch(function (error) {
      fail("The page could not start: " + error.message);
    });
  }
})();
