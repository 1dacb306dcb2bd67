import type { Words } from "./en.ts";

export const de: Words = {
  languageName: "Deutsch",
  language: "Sprache",
  question: "Welches Bild stammt wohl aus einer Kamera?",
  consent: {
    lead: "Du siehst gleich für einen Augenblick je zwei Bilder. Eines ist ein Foto, das andere hat ein Computer aus einer verdorbenen Kopie davon gemacht.",
    steps: (trials, minutes) =>
      `${trials} Paare, etwa ${minutes} ${minutes === 1 ? "Minute" : "Minuten"}. Es gibt nichts zu können: Folge dem ersten Eindruck.`,
    title: "Was gespeichert wird",
    kept: "Gespeichert werden deine Antworten, wie lange sie dauerten und die Sprache der Seite, um herauszufinden, wie oft Bilder des Computers für Fotos gehalten werden. Kein Name, keine Adresse und nichts über dein Gerät.",
    free: "Die Teilnahme ist freiwillig. Du kannst jederzeit aufhören, später weitermachen und deine Daten löschen lassen.",
    agree: "Einverstanden, los geht’s",
  },
  ready: {
    practice: "Erst ein wenig Übung",
    practiceLead: "Nach jedem dieser Paare erfährst du, welches Bild das Foto war.",
    trials: "Jetzt zählt es",
    trialsLead: "Ab hier erfährst du es nicht mehr. Wähle auch, wenn du raten musst.",
    rest: "Bereit weiterzumachen?",
    restLead: "Es geht dort weiter, wo du warst.",
    how: "Schau in die Mitte. Sobald die Bilder da sind, oder schon wieder weg, wähle: mit den Pfeiltasten ← und → oder durch Antippen.",
    start: "Los",
  },
  trial: {
    look: "Hierher schauen",
    input: "Das ist die verdorbene Kopie",
    left: "Links",
    right: "Rechts",
    progress: (done, total) => `${done} von ${total}`,
  },
  feedback: {
    right: "Richtig: Das ist das Foto.",
    wrong: "Nein: Das andere ist das Foto.",
    next: "Weiter",
  },
  done: {
    title: "Danke!",
    lead: "Deine Antworten sind gespeichert. Du kannst die Seite schließen.",
    code: "Dein Abschlusscode",
  },
  own: {
    title: "Meine Daten",
    save: "Sichern, was von mir gespeichert ist",
    delete: "Löschen, was von mir gespeichert ist",
    sure: "Alle deine Antworten löschen? Das lässt sich nicht rückgängig machen.",
    deleted: "Gelöscht. Von dir ist nichts mehr gespeichert.",
  },
  loading: "Einen Moment …",
  offline: "Keine Verbindung; es wird weiter versucht …",
  invitation:
    "An dieser Studie nimmt man auf Einladung teil. Öffne den Link, den du bekommen hast.",
  full: "Die Studie nimmt niemanden mehr auf. Danke trotzdem.",
  unknown:
    "Dieser Link ist nicht bekannt. Prüfe, ob er vollständig ist, oder bitte um einen neuen.",
  failed: "Etwas ging schief. Lade die Seite neu; deine bisherigen Antworten sind gespeichert.",
};
