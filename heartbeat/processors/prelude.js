// What scripts of the processor `script` find when they are loaded: Event, console and
// require. Evaluated before them; __begin, __test and __run are what heartbeat calls.
(function (global) {
  "use strict";

  var MOST_LINES = 100;
  var lines = [];

  function owns(object, key) {
    return Object.prototype.hasOwnProperty.call(object, key);
  }

  function isMap(value) {
    return value !== null && typeof value === "object" && !Array.isArray(value);
  }

  // Returns where a path ends: [mapping, name, whether it is there], null for nowhere.
  function locate(data, key, creates) {
    while (!owns(data, key)) {
      var dot = key.indexOf(".");
      if (dot < 0) {
        return [data, key, false];
      }
      var head = key.slice(0, dot);
      if (!owns(data, head)) {
        if (!creates) {
          return null;
        }
        data[head] = {};
      }
      if (!isMap(data[head])) {
        if (!creates) {
          return null;
        }
        throw new Error("expected map but type is " + typeof data[head] + ": " + head);
      }
      data = data[head];
      key = key.slice(dot + 1);
    }
    return [data, key, true];
  }

  function Event(fields, meta) {
    this.__fields = fields || {};
    this.__meta = meta || { "@timestamp": new Date().toISOString(), "@metadata": {} };
    this.__cancelled = false;
  }

  function rootOf(event, key) {
    var isMeta = /^@(timestamp$|metadata($|\.))/.test(key);
    return isMeta ? event.__meta : event.__fields;
  }

  function put(event, key, value) {
    var place = locate(rootOf(event, key), key, true);
    var old = place[2] ? place[0][place[1]] : null;
    place[0][place[1]] = value;
    return old;
  }

  function append(event, key, value) {
    var present = event.Get(key);
    var list = present === null ? [] : [].concat(present);
    var isText = list.every(function (one) {
      return typeof one === "string";
    });
    if (!isText) {
      throw new Error("unexpected type of " + key + ", expected string or []string");
    }
    if (list.indexOf(value) < 0) {
      put(event, key, list.concat(value));
    }
  }

  Event.prototype = {
    constructor: Event,
    Get: function (key) {
      if (key === undefined) {
        return this.__fields;
      }
      var place = locate(rootOf(this, String(key)), String(key), false);
      return place !== null && place[2] ? place[0][place[1]] : null;
    },
    Put: function (key, value) {
      return put(this, String(key), value === undefined ? null : value);
    },
    Delete: function (key) {
      if (key === "@timestamp" || key === "@metadata") {
        return false;
      }
      var place = locate(rootOf(this, String(key)), String(key), false);
      return place !== null && place[2] && delete place[0][place[1]];
    },
    Rename: function (from, to) {
      var value = this.Get(from);
      var target = locate(rootOf(this, String(to)), String(to), false);
      if ((target !== null && target[2]) || !this.Delete(from)) {
        return false;
      }
      put(this, String(to), value);
      return true;
    },
    Cancel: function () {
      this.__cancelled = true;
    },
    Tag: function (tag) {
      append(this, "tags", String(tag));
    },
    AppendTo: function (key, value) {
      append(this, String(key), String(value));
    },
  };

  function line(level) {
    return function () {
      if (lines.length < MOST_LINES) {
        lines.push(level + ": " + Array.prototype.join.call(arguments, " "));
      }
    };
  }

  function words(thrown) {
    return thrown instanceof Error ? thrown.name + ": " + thrown.message : String(thrown);
  }

  global.Event = Event;
  global.console = {
    log: line("info"),
    debug: line("debug"),
    info: line("info"),
    warn: line("warning"),
    error: line("error"),
  };
  global.require = function (name) {
    if (name === "console") {
      return global.console;
    }
    throw new Error("the module " + name + " is not there: only console is");
  };

  global.__begin = function (text) {
    var params = JSON.parse(text);
    if (typeof process !== "function") {
      return "process function not found";
    }
    if (params !== null && typeof register !== "function") {
      return "params were provided but no register function was found";
    }
    if (typeof register === "function") {
      try {
        register(params || {});
      } catch (thrown) {
        return "failed to register processor: " + words(thrown);
      }
    }
    return "";
  };

  global.__test = function () {
    if (typeof test === "function") {
      try {
        test();
      } catch (thrown) {
        return "failed in test() function: " + words(thrown);
      }
    }
    return "";
  };

  global.__run = function (text) {
    var parts = JSON.parse(text);
    var event = new Event(parts[0], parts[1]);
    var error = "";
    lines = [];
    try {
      process(event);
    } catch (thrown) {
      error = words(thrown) || "an empty error";
    }
    return JSON.stringify([event.__fields, event.__meta, event.__cancelled, error, lines]);
  };
})(globalThis);
