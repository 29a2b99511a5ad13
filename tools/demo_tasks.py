"""The demo's four tasks: made-up text whose label is the class that most of its cue words belong to.

Every text mixes cue words of several classes, so that no single word gives the label away. The word lists and sentence forms are this
project's own.
"""
import dataclasses
from random import Random
from typing import Callable


@dataclasses.dataclass(frozen=True)
class Task:
    """One classification task; values are what the files hold, words what a language model answers, both in class-id order."""
    name: str
    folder: str
    template: str
    values: list[str]
    words: list[str]
    cues: list[list[str]]
    counts: list[tuple[int, ...]]  # cue words of the label's class, then of other classes
    compose: Callable[[Random, list[str]], tuple[str, ...]]  # cue words in order -> columns of text


@dataclasses.dataclass(frozen=True)
class Row:
    columns: tuple[str, ...]
    label: int

    @property
    def text(self):
        return " ".join(self.columns).strip()


def make_row(random, task, label):
    """The label's class has more cue words than any other."""
    counts = random.choice(task.counts)
    others = random.sample([number for number in range(len(task.values)) if number != label], len(counts) - 1)
    cues = [cue for number, count in zip([label, *others], counts) for cue in random.sample(task.cues[number], count)]
    random.shuffle(cues)
    return Row(task.compose(random, cues), label)


def make_rows(random, task, count):
    """Classes in equal parts, in random order."""
    labels = [number % len(task.values) for number in range(count)]
    random.shuffle(labels)
    return [make_row(random, task, label) for label in labels]


def example(task, row):
    """The prompt of one example, without its label word."""
    return task.template.replace("{text}", row.text)


# Reviews

ASPECTS = "story acting music ending cast script camera humour pacing hero opening finale mood score".split()
GOOD = "warm clever tender lively graceful moving fresh witty honest charming rich bold".split()
BAD = "dull clumsy shallow noisy stale lazy tedious hollow messy bland cheap tired".split()


def review(random, cues):
    parts = [f"{cue} {aspect}" for cue, aspect in zip(cues, random.sample(ASPECTS, len(cues)))]
    opening = random.choice(["", "a film with ", "you get ", "it offers ", "we see "])
    return (opening + " , ".join(parts[:-1]) + f" and {parts[-1]}" + random.choice(["", " .", " in one evening .", " ."]),)


# Dialogues of three turns

FINE = "bus lunch homework weather shop meeting email laundry printer recipe".split()
HAPPY = "yay won party smiling hugs awesome holiday laughing dancing \U0001F604".split()
SAD = "alone crying lost missing tears funeral lonely goodbye broken \U0001F622".split()
ANGRY = "hate stupid liar furious shut rude annoying cheated yelling \U0001F621".split()


def dialogue(random, cues):
    first = random.choice(["so it is", "today just", "hey ,", "again"]) + f" {cues[0]}"
    second = random.choice(["oh , why", "tell me :", "and what of", "you mean"]) + f" {cues[1]} ?"
    third = random.choice(["well", "yes", "i say", "now"]) + " " + " and ".join(cues[2:])
    return first, second, third


# Questions

SHORT_FORMS = "acronym initials letters shorthand symbol monogram code suffix".split()
THINGS = "animal plant metal instrument fruit vehicle dance tool".split()
EXPLANATIONS = "meaning reason purpose cause origin method effect habit".split()
PEOPLE = "author king singer painter captain teacher doctor poet".split()
PLACES = "city river island mountain harbour desert valley lake".split()
AMOUNTS = "height year price weight speed age distance total".split()
NAMES = ["Talden", "Mirova", "Karsk", "Óðal", "Venn"]


def question(random, cues):
    a, b, c = cues
    of_name = random.choice(["", "", f" of {random.choice(NAMES)}"])
    form = random.choice(["What {a} has a {b} and {c}", "Which {a} or {b} fits the {c}",
                          "Name a {a} with {b} or {c}", "Is the {a} from {b} or {c}"])
    return (form.format(a=a, b=b, c=c) + of_name + " ?",)


# News

WORLD = "treaty troops embassy border parliament rebels ceasefire refugees minister summit".split()
SPORTS = "striker coach league medal stadium penalty sprint champion referee tournament".split()
BUSINESS = "shares profit bank merger investors dividend retailer bonds earnings quarter".split()
TECHNOLOGY = "software browser chip laptop satellite robot server network pixels startup".split()
CITIES = "Arlen Boswick Corvath Dunmere Elstow".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday".split()


def article(random, cues):
    title = f"{random.choice(CITIES)} : {cues[0]} and {cues[1]}"
    agency = random.choice(["Wire - ", "Desk - ", ""])
    middle = f'"{cues[2]}"' if random.random() < 0.15 else cues[2]
    ending = random.choice([" .", " .", f" on {random.choice(DAYS)} .", r" \ more ." if random.random() < 0.4 else " ."])
    rest = "".join(f" , {cue}" for cue in cues[3:])
    return title, f"{agency}{random.choice(['talk of', 'news of', 'a day of'])} {middle}{rest}{ending}"


TASKS = [
    Task("sst2", "sst2", "Review: {text}\nSentiment:", ["0", "1"], ["Negative", "Positive"], [BAD, GOOD],
         [(2, 1), (3,), (3, 2), (4, 1)], review),
    Task("emoc", "emocontext", "Dialogue: {text}\nEmotion:", ["others", "happy", "sad", "angry"], ["Others", "Happy", "Sad", "Angry"],
         [FINE, HAPPY, SAD, ANGRY], [(2, 1), (2, 1, 1), (3, 1)], dialogue),
    Task("trec", "trec", "Question: {text}\nAnswer Type:", ["ABBR:exp", "ENTY:other", "DESC:desc", "HUM:ind", "LOC:other", "NUM:other"],
         ["Abbreviation", "Entity", "Description", "Person", "Location", "Number"],
         [SHORT_FORMS, THINGS, EXPLANATIONS, PEOPLE, PLACES, AMOUNTS], [(2, 1), (2, 1), (3,)], question),
    Task("agnews", "agnews", "Article: {text}\nAnswer:", ["1", "2", "3", "4"], ["World", "Sports", "Business", "Technology"],
         [WORLD, SPORTS, BUSINESS, TECHNOLOGY], [(2, 1), (2, 1, 1), (3, 1)], article),
]
