export const en = {
  languageName: "English",
  language: "Language",
  question: "Which image would you guess is from a camera?",
  consent: {
    lead: "You will see pairs of pictures for a moment. One is a photo, the other was made by a computer from a spoiled copy of it.",
    steps: (trials: number, minutes: number) =>
      `${trials} pairs, about ${minutes} ${minutes === 1 ? "minute" : "minutes"}. There is no skill to show: go by your first impression.`,
    title: "What is kept",
    kept: "Your choices, how long they took and the page's language are kept, to find out how often the computer's pictures pass for photos. No name, no address and nothing about your device is kept.",
    free: "Taking part is voluntary. You can stop at any time, come back to go on, and have your data deleted.",
    agree: "I agree, let's begin",
  },
  ready: {
    practice: "First some practice",
    practiceLead: "After each of these you are told which picture was the photo.",
    trials: "Now it counts",
    trialsLead: "From here on you are not told. Choose even when you have to guess.",
    rest: "Ready to go on?",
    restLead: "You go on where you were.",
    how: "Look at the middle. When the pictures are there, or gone again, choose: the arrow keys ← and →, or a tap.",
    start: "Start",
  },
  trial: {
    look: "Look here",
    input: "This is the spoiled copy",
    left: "Left",
    right: "Right",
    progress: (done: number, total: number) => `${done} of ${total}`,
  },
  feedback: {
    right: "Right: this is the photo.",
    wrong: "No: the other one is the photo.",
    next: "Next",
  },
  done: {
    title: "Thank you!",
    lead: "Your answers are kept. You can close this page.",
    code: "Your completion code",
  },
  own: {
    title: "My data",
    save: "Save what is kept of me",
    delete: "Delete what is kept of me",
    sure: "Delete all your answers? This cannot be undone.",
    deleted: "Deleted. Nothing of you is kept.",
  },
  loading: "One moment …",
  offline: "No connection; trying again …",
  invitation: "This study is by invitation. Open the link that you got.",
  full: "The study takes no more subjects. Thank you all the same.",
  unknown: "This link is not known. Check that it is complete, or ask for another.",
  failed: "Something went wrong. Load the page again; your answers so far are kept.",
};

export type Words = typeof en;
