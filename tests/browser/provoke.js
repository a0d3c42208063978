// What a visitor may do to a page, all but following links to other sites; then what could have run but
// did not. `strict` is false for pages that are known to be full of it.
(async (strict) => {
  const odd = [];
  const kinds = ['mouseover', 'pointerover', 'focus', 'toggle', 'keydown', 'beforeinput'];
  const addresses = ['href', 'src', 'poster', 'cite', 'action', 'formaction', 'data', 'xlink:href'];
  // Of the prototype, because a form named "querySelectorAll" would hide it.
  const all = (doc) => Array.from(Document.prototype.querySelectorAll.call(doc, '*'));
  const audit = (element) => {
    if (element.namespaceURI !== 'http://www.w3.org/1999/xhtml') odd.push(`foreign ${element.localName}`);
    for (const {name, value} of Array.from(element.attributes)) {
      const runs = addresses.includes(name) && /^[^a-z]*(?!https?:|mailto:|tel:)[a-z][a-z0-9+.-]*:/i.test(value);
      if (runs || name.startsWith('on') || ['style', 'srcdoc', 'id', 'name', 'ping'].includes(name)) {
        if (name !== 'srcdoc' || element.className !== 'judged') odd.push(`${element.localName} ${name}=${value}`);
      }
    }
  };
  const provoke = (element) => {
    for (const kind of kinds) element.dispatchEvent(new Event(kind));
    const goes = [element.href?.baseVal ?? element.href ?? '', element.getAttribute('xlink:href') ?? ''].join('');
    const inert = /^https?:|^mailto:|^tel:/i.test(goes) && !element.hasAttribute('onclick') && !element.hasAttribute('ping');
    const pressed = element.localName === 'button' || ['submit', 'image'].includes(element.type);
    if (pressed || (!inert && (goes || element.hasAttribute('onclick')))) {
      element.dispatchEvent(new MouseEvent('click', {bubbles: false, cancelable: true}));
    }
  };
  const walk = (doc) => {
    for (const element of all(doc)) {
      if (element.localName === 'meta' && doc === document && element.parentElement === doc.head) continue;  // the page's own
      if (strict) audit(element);
      const frame = element.className === 'judged' ? element.contentDocument : null;
      if (frame) walk(frame); else provoke(element);
    }
  };
  walk(document);
  return odd;
})
