"""event_data: a calendar of conferences, meetups and workshops, two thirds past and one third to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from console.demo.embedder import embed
from console.demo.sample.draw import Draw
from console.demo.sample.people import CITIES, HOSTS, companies, email, full_names
from console.demo.sample.prose import Theme, TopicWriter, slug, topics
from console.demo.sample.records import SampleRows, rows

EVENTS, SPEAKERS, COMPANIES, VENUES = 900, 700, 220, 130
KINDS = (  # name, days, usual price
    ("{topic} Conference {city} {year}", 3, 590),
    ("{city} {topic} Meetup: {things}", 0, 0),
    ("{topic} Days {city} {year}", 2, 390),
    ("Hands-on workshop: {remedy}", 1, 180),
    ("{topic} Summit {year}", 2, 740),
    ("Evening talk: {title}", 0, 0),
    ("{topic} Unconference {city} {year}", 1, 45),
    ("{tool} User Group {city}", 0, 0),
    ("Masterclass {tool}: from {problem} to {gain}", 1, 320),
    ("Women in {topic}, {city}", 0, 0),
    ("Panel: {things} after {year}", 0, 15),
)
VENUE_KINDS = (
    ("Congress Centre {}", 2400),
    ("{} Exhibition Hall", 5200),
    ("{} Tech Hub", 180),
    ("University of {}", 420),
    ("The Old Printworks", 260),
    ("Grand Hotel {}", 640),
    ("Harbour Loft", 140),
)
JOBS = (
    "Software Engineer",
    "Staff Engineer",
    "Database Administrator",
    "Data Scientist",
    "Engineering Manager",
    "Site Reliability Engineer",
    "Head of Platform",
    "Researcher",
    "Product Manager",
    "Developer Advocate",
    "CTO",
)


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("event_data", now)
    write = TopicWriter(draw)
    places = [(city, kind) for city in CITIES for kind in VENUE_KINDS]
    venues = draw.sample(places, VENUES)
    yield rows(
        "event_data.venues",
        "id name city country_code time_zone capacity latitude longitude created_at",
        (_venue(draw, number, place) for number, place in enumerate(venues, 1)),
    )
    names = companies(draw)
    firms = [(number, *next(names)) for number in range(1, COMPANIES + 1)]
    yield rows(
        "event_data.companies",
        "id name industry website founded profile created_at",
        (
            (
                number,
                name,
                industry,
                f"https://{slug(name)}.{draw.choice(HOSTS)}",
                draw.randint(1971, now.year - 1),
                {"employees": draw.milliseconds(140, 1.2), "city": draw.choice(CITIES)[0], "hiring": draw.chance(0.4)},
                draw.ago(900),
            )
            for number, name, industry in firms
        ),
    )
    subjects = _topics()
    yield rows("event_data.topics", "id parent_id name description", subjects)
    by_name = {name: number for number, _, name, _ in subjects}
    speakers, people = _speakers(draw, write, firms, full_names(draw))
    yield rows("event_data.speakers", "id full_name email company_id job_title biography links created_at", people)
    yield rows(
        "event_data.speaker_topics",
        "speaker_id topic_id",
        ((number, by_name[known.name]) for number, topic in speakers for known in {topic, draw.choice(topics())}),
    )
    events = [_event(draw, write, number, venues) for number in range(1, EVENTS + 1)]
    yield rows(
        "event_data.events",
        "id slug name description format status venue_id starts_at ends_at url ticket_price currency attributes "
        "created_at embedding",
        (row for row, _ in events),
    )
    yield rows(
        "event_data.event_topics",
        "event_id topic_id relevance",
        (
            (row[0], by_name[name], relevance)
            for row, topic in events
            for name, relevance in {topic.area: 0.3, draw.choice(topics()).name: 0.5, topic.name: 1.0}.items()
        ),
    )
    experts = {topic.name: [number for number, known in speakers if known is topic] for topic in topics()}
    yield rows(
        "event_data.event_speakers",
        "event_id speaker_id role talk_title starts_at",
        _talks(draw, write, events, experts),
    )
    yield rows("event_data.event_companies", "event_id company_id relationship tier", _partners(draw, events))


def _venue(draw: Draw, number: int, place: tuple[Any, Any]) -> tuple[Any, ...]:
    (city, country, zone, latitude, longitude), (name, capacity) = place
    return (
        number,
        name.format(city),
        city,
        country,
        zone,
        draw.milliseconds(capacity, 0.3),
        round(latitude + draw.uniform(-0.05, 0.05), 5),
        round(longitude + draw.uniform(-0.05, 0.05), 5),
        draw.ago(900),
    )


def _topics() -> list[tuple[int, int | None, str, str]]:
    areas = list(dict.fromkeys(topic.area for topic in topics()))
    found: list[tuple[int, int | None, str, str]] = [
        (number, None, area, f"Everything about {area.lower()}") for number, area in enumerate(areas, 1)
    ]
    for number, topic in enumerate(topics(), len(areas) + 1):
        description = f"{', '.join(topic.things[:-1])} and {topic.things[-1]}"
        found.append((number, areas.index(topic.area) + 1, topic.name, description))
    return found


def _speakers(
    draw: Draw, write: TopicWriter, firms: list[tuple[int, str, str]], names: Iterator[str]
) -> tuple[list[tuple[int, Theme]], list[tuple[Any, ...]]]:
    speakers, people = [], []
    for number in range(1, SPEAKERS + 1):
        name, topic, job, firm = next(names), draw.popular(topics()), draw.choice(JOBS), draw.choice(firms)
        first = name.split()[0]
        things, other = draw.sample(topic.things, 2)
        biography = (
            f"{name} is {job} at {firm[1]} on {things} and {other}. "
            f"{write.sentence(topic)} {first} lives in {draw.choice(CITIES)[0]}."
        )
        speakers.append((number, topic))
        people.append(
            (
                number,
                name,
                email(name, f"{slug(firm[1])}.{HOSTS[0]}") if draw.chance(0.9) else None,
                firm[0] if draw.chance(0.92) else None,
                job,
                biography,
                {"web": f"https://{slug(name)}.{HOSTS[1]}"} if draw.chance(0.5) else {},
                draw.ago(800),
            )
        )
    return speakers, people


def _event(draw: Draw, write: TopicWriter, number: int, venues: list[Any]) -> tuple[tuple[Any, ...], Theme]:
    topic = draw.popular(topics())
    pattern, days, price = draw.choice(KINDS)
    place_number = draw.randrange(len(venues))
    city = venues[place_number][0][0]
    # Two thirds lie in the past two years, the others in the half-year to come.
    begins = draw.ago(700) if draw.chance(0.66) else draw.now + timedelta(days=1 + 180 * draw.random() ** 1.5)
    starts_at = begins.replace(hour=9 if days else 18, minute=draw.choice((0, 0, 30)), second=0, microsecond=0)
    ends_at = starts_at + timedelta(days=max(0, days - 1), hours=8 if days else 3)
    title = write.title(topic)
    name = write.fill(pattern, topic, city=city, title=title, year=starts_at.year)
    description = f"{write.paragraph(topic, 2)} " + write.fill(
        "Come to {city} to hear how others {remedy}, and to ask about {things}.", topic, city=city
    )
    kind = draw.weighted({"in_person": 0.55, "hybrid": 0.25, "online": 0.2})
    if ends_at < draw.now:
        status = "cancelled" if draw.chance(0.04) else "finished"
    else:
        status = draw.weighted({"announced": 0.4, "confirmed": 0.5, "draft": 0.07, "cancelled": 0.03})
    paid = price and draw.chance(0.9)
    attributes: dict[str, Any] = {
        "language": draw.weighted({"en": 0.8, "de": 0.1, "fr": 0.06, "es": 0.04}),
        "hashtag": "#" + topic.name.replace(" ", ""),
        "level": draw.choice(("beginner", "intermediate", "advanced")),
    }
    if status == "finished" and draw.chance(0.6):
        attributes["recording"] = f"https://video.{HOSTS[0]}/{number}"
    elif days > 1:
        attributes["call_for_papers"] = {"closes": (starts_at - timedelta(days=60)).date().isoformat()}
    row = (
        number,
        f"{slug(name)[:60].strip('-')}-{number}",
        name,
        description,
        kind,
        status,
        None if kind == "online" else place_number + 1,
        starts_at,
        ends_at,
        f"https://events.{HOSTS[1]}/{number}",
        Decimal(draw.milliseconds(price, 0.3)) if paid else Decimal(0) if not price else None,
        draw.weighted({"EUR": 0.6, "USD": 0.25, "GBP": 0.15}) if paid or not price else None,
        attributes,
        min(starts_at - timedelta(days=draw.randint(30, 200)), draw.now),
        embed(f"{name}. {description}"),
    )
    return row, topic


def _talks(
    draw: Draw, write: TopicWriter, events: list[tuple[tuple[Any, ...], Theme]], experts: dict[str, list[int]]
) -> Iterator[tuple[Any, ...]]:
    for row, topic in events:
        chosen = draw.some(experts[topic.name], 1, 5)
        for place, speaker in enumerate(chosen):
            role = (
                "keynote"
                if place == 0 and len(chosen) > 2
                else draw.weighted({"speaker": 0.8, "panelist": 0.15, "moderator": 0.05})
            )
            yield row[0], speaker, role, write.title(topic), row[7] + timedelta(minutes=45 * place)


def _partners(draw: Draw, events: list[tuple[tuple[Any, ...], Theme]]) -> Iterator[tuple[Any, ...]]:
    for row, _ in events:
        organiser, *others = draw.sample(range(1, COMPANIES + 1), draw.randint(1, 4))
        yield row[0], organiser, "organiser", None
        for other in others:
            relationship = draw.weighted({"sponsor": 0.7, "exhibitor": 0.2, "media_partner": 0.1})
            tier = draw.weighted({"platinum": 0.1, "gold": 0.2, "silver": 0.3, "bronze": 0.4})
            yield row[0], other, relationship, tier if relationship == "sponsor" else None
