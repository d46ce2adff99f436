/**
 * "The Harbour Almanac": a text to learn from, written for this project. A year by the sea, five days of each month, in entries of one
 * pattern: the day, the wind and the sky, the tide and the boats, a bird, the evening. Plain ASCII.
 */
export const sampleText = `\
The Harbour Almanac

January

Monday, the first of January.
Wind from the north, cold and steady. The sky was white.
High tide at six; no boats out, and none to come home.
A heron stood on the old pier and looked at the year.
In the evening, soup and a small fire.

Wednesday, the third of January.
Wind from the east, cold and sharp. The sky was clear.
High tide at eight; two boats out, two boats home.
A robin came to the door and asked for crumbs.
In the evening, tea and a mended net.

Friday, the fifth of January.
No wind at all, and snow on the boats. The sky was low.
High tide at ten; no boats out, and none to come home.
A crow walked over the snow and left a line of stars.
In the evening, a lamp in every window.

Saturday, the sixth of January.
Wind from the north, cold and light. The sky was clear.
High tide at eleven; one boat out, one boat home.
The robin came again, and had been missed.
In the evening, fish and a story.

Sunday, the seventh of January.
Wind from the north, cold and strong. The sky was dark.
High tide at noon; nobody went out, and the bell rang twice.
The heron stood on the old pier, a little whiter than before.
In the evening, songs and a small fire.

February

Monday, the fifth of February.
Wind from the west, wet and strong. The sky was grey.
High tide at six; no boats out, and none to come home.
The gulls flew backward and seemed to like it.
In the evening, soup and a song.

Tuesday, the sixth of February.
Wind from the west, wet and strong. The sky was dark.
High tide at seven; no boats out, and none to come home.
A crow held on to the mast and would not let go.
In the evening, bread and the sound of the rain.

Friday, the ninth of February.
Wind from the south, mild and steady. The sky was clear.
High tide at ten; three boats out, three boats home.
A thrush sang from the roof of the boat house.
In the evening, a walk to the light and back.

Saturday, the tenth of February.
Wind from the east, cold and light. The sky was clear.
High tide at eleven; two boats out, two boats home.
The heron had the old pier to himself, and knew it.
In the evening, soup and a game of cards.

Sunday, the eleventh of February.
No wind at all, and mist on the water. The sky was white.
High tide at noon; nobody went out, and the bell rang once.
A gull called in the mist, and another gull answered.
In the evening, songs and a long story.

March

Monday, the fifth of March.
Wind from the west, mild and strong. The sky was blue.
High tide at six; three boats out, three boats home.
The first lark went up over the hill and would not come down.
In the evening, fish and an open window.

Tuesday, the sixth of March.
Wind from the west, mild and steady. The sky was blue.
High tide at seven; three boats out, three boats home.
Two crows carried sticks to the tall tree by the church.
In the evening, bread and a new rope.

Wednesday, the seventh of March.
Wind from the north, cold and sharp. The sky was grey.
High tide at eight; one boat out, one boat home.
The crows lost half of their sticks and began again.
In the evening, tea and a small fire.

Friday, the ninth of March.
Wind from the south, mild and light. The sky was clear.
High tide at ten; four boats out, four boats home.
The heron caught a fish that was too big for him, and ate it.
In the evening, paint for the blue boat.

Sunday, the eleventh of March.
Wind from the south, warm and light. The sky was clear.
High tide at noon; nobody went out, and the bell rang twice.
The larks were many, and every one was alone.
In the evening, songs on the steps of the church.

April

Monday, the second of April.
Wind from the west, wet and light. The sky was blue and grey.
High tide at six; four boats out, four boats home.
The first swallow came, looked at the barn, and was content.
In the evening, bread and green onions.

Wednesday, the fourth of April.
Wind from the north, cold and light. The sky was grey.
High tide at eight; two boats out, two boats home.
The swallow was cold, and told us so.
In the evening, tea and a small fire.

Friday, the sixth of April.
Wind from the south, warm and light. The sky was clear.
High tide at ten; five boats out, five boats home.
Three swallows sat on the rope and made it a song.
In the evening, a walk to the hill and back.

Saturday, the seventh of April.
Wind from the south, warm and steady. The sky was blue.
High tide at eleven; five boats out, five boats home.
The crows have young ones, and all the harbour knows it.
In the evening, bread and a new song.

Sunday, the eighth of April.
No wind at all, and sun on the water. The sky was clear.
High tide at noon; nobody went out, and the bell rang once.
The heron slept on the old pier, on one leg.
In the evening, songs and an open door.

May

Monday, the seventh of May.
Wind from the south, warm and light. The sky was blue.
High tide at six; five boats out, five boats home.
The cuckoo said his name from the wood, and said it again.
In the evening, fish and a green salad.

Wednesday, the ninth of May.
Wind from the west, mild and steady. The sky was blue and white.
High tide at eight; four boats out, four boats home.
A duck came down the river with seven small ducks behind her.
In the evening, tea in the garden.

Thursday, the tenth of May.
Wind from the west, wet and light. The sky was grey.
High tide at nine; three boats out, three boats home.
The seven small ducks found the rain, and were glad.
In the evening, soup and a long letter.

Friday, the eleventh of May.
Wind from the west, mild and light. The sky was clear.
High tide at ten; five boats out, five boats home.
Two terns came home from the far end of the world.
In the evening, a walk to the light and back.

Saturday, the twelfth of May.
Wind from the south, warm and steady. The sky was blue.
High tide at eleven; six boats out, six boats home.
The terns fell on the water like small white stones.
In the evening, fish and a dance on the pier.

June

Tuesday, the fifth of June.
Wind from the east, warm and steady. The sky was clear.
High tide at seven; six boats out, six boats home.
The young crows can fly, but they cannot land.
In the evening, fish and a bowl of peas.

Wednesday, the sixth of June.
No wind at all, and heat on the stones. The sky was white.
High tide at eight; six boats out, six boats home.
The gulls stood in the shade of the boat house, one by one.
In the evening, a swim and a long talk.

Thursday, the seventh of June.
Wind from the west, warm and strong. The sky was dark.
High tide at nine; two boats out, two boats home.
The swallows flew low, and the thunder came at four.
In the evening, soup and the sound of the rain.

Saturday, the ninth of June.
Wind from the south, warm and light. The sky was blue.
High tide at eleven; six boats out, six boats home.
The heron walked along the beach like an old teacher.
In the evening, fish and a dance on the pier.

Sunday, the tenth of June.
Wind from the south, warm and steady. The sky was clear.
High tide at noon; nobody went out, and the bell rang twice.
The terns had a small one, and gave it a small fish.
In the evening, songs, and it was light till ten.

July

Monday, the second of July.
Wind from the south, warm and light. The sky was blue.
High tide at six; six boats out, six boats home.
The young terns ran along the sand and called for more.
In the evening, fish and new potatoes.

Tuesday, the third of July.
Wind from the south, warm and steady. The sky was blue.
High tide at seven; six boats out, six boats home.
A gull took the bread of the baker and left no coin.
In the evening, cherries and a story.

Thursday, the fifth of July.
Wind from the west, mild and steady. The sky was blue and white.
High tide at nine; six boats out, six boats home.
Nine swallows sat on the rope, and four of them were new.
In the evening, bread and a green salad.

Saturday, the seventh of July.
Wind from the south, warm and light. The sky was blue.
High tide at eleven; the race was at two, and the blue boat won.
Two gulls sat on the wall and watched the race to its end.
In the evening, fish and a dance on the pier.

Sunday, the eighth of July.
Wind from the south, warm and light. The sky was clear.
High tide at noon; nobody went out, and the bell rang once.
The ducks are eight of one size, and nobody knows the mother.
In the evening, songs and a red moon.

August

Monday, the sixth of August.
Wind from the east, warm and light. The sky was clear.
High tide at six; six boats out, six boats home.
The terns were on the sand with their faces to the south.
In the evening, bread and plums.

Thursday, the ninth of August.
Wind from the west, wet and strong. The sky was dark.
High tide at nine; no boats out, and none to come home.
The heron stood in the rain and did not move.
In the evening, tea and a game of cards.

Friday, the tenth of August.
Wind from the west, mild and steady. The sky was clear.
High tide at ten; five boats out, five boats home.
The terns had gone in the night, all of them at once.
In the evening, a walk to the light and back.

Saturday, the eleventh of August.
Wind from the south, warm and light. The sky was blue.
High tide at eleven; six boats out, six boats home.
The swallows taught the small ones how to turn.
In the evening, fish and falling stars.

Sunday, the twelfth of August.
No wind at all, and heat on the stones. The sky was clear.
High tide at noon; nobody went out, and the bell rang twice.
Not one bird sang, and the whole harbour slept.
In the evening, songs and more falling stars.

September

Monday, the third of September.
Wind from the west, mild and light. The sky was blue.
High tide at six; five boats out, five boats home.
The swallows sat on the rope, and there was no room left.
In the evening, bread and apples.

Tuesday, the fourth of September.
Wind from the west, mild and steady. The sky was blue and white.
High tide at seven; five boats out, five boats home.
A thrush was drunk on old plums and sang out of time.
In the evening, fish and a mended net.

Wednesday, the fifth of September.
Wind from the north, mild and light. The sky was clear.
High tide at eight; five boats out, five boats home.
The swallows left at nine, and the rope was only a rope.
In the evening, soup and a quiet table.

Thursday, the sixth of September.
No wind at all, and mist on the water. The sky was white.
High tide at nine; two boats out, two boats home.
A gull stood on the bell to see where it was.
In the evening, tea and a letter from the south.

Sunday, the ninth of September.
Wind from the west, mild and light. The sky was grey.
High tide at noon; nobody went out, and the bell rang twice.
Four crows walked home from the fields like four farmers.
In the evening, songs and a small fire.

October

Monday, the first of October.
Wind from the west, wet and strong. The sky was grey.
High tide at six; three boats out, three boats home.
The geese came back in the night and talked until the morning.
In the evening, soup and a red apple.

Wednesday, the third of October.
Wind from the north, cold and strong. The sky was grey and white.
High tide at eight; one boat out, one boat home.
A crow chased a leaf along the wall and caught it.
In the evening, tea and a small fire.

Friday, the fifth of October.
Wind from the east, cold and light. The sky was blue.
High tide at ten; four boats out, four boats home.
The robin sat on the spade and waited for the gardener.
In the evening, a walk to the light and back.

Saturday, the sixth of October.
Wind from the south, mild and light. The sky was clear.
High tide at eleven; four boats out, four boats home.
The heron caught two fish and looked surprised.
In the evening, soup and a story about the war of the gulls.

Sunday, the seventh of October.
No wind at all, and mist on the water. The sky was white.
High tide at noon; nobody went out, and the bell rang once.
The geese went over, and one was late, and they waited.
In the evening, songs and a warm stove.

November

Monday, the fifth of November.
Wind from the north, cold and strong. The sky was dark.
High tide at six; no boats out, and none to come home.
The gulls stood on the wall with their backs to the year.
In the evening, soup and a long letter.

Wednesday, the seventh of November.
Wind from the west, wet and strong. The sky was grey.
High tide at eight; no boats out, and none to come home.
A crow opened a nut with the help of the ferry.
In the evening, tea and the sound of the rain.

Thursday, the eighth of November.
Wind from the west, wet and light. The sky was white.
High tide at nine; two boats out, two boats home.
The robin sang to the lamp, and the lamp was lit.
In the evening, fish and a game of cards.

Saturday, the tenth of November.
Wind from the east, cold and light. The sky was clear.
High tide at eleven; three boats out, three boats home.
The heron stood on the new ice, and the new ice broke.
In the evening, bread and a story about summer.

Sunday, the eleventh of November.
No wind at all, and frost on the boats. The sky was clear.
High tide at noon; nobody went out, and the bell rang twice.
The geese lay on the field like white stones.
In the evening, songs and a small fire.

December

Monday, the third of December.
Wind from the north, cold and steady. The sky was grey.
High tide at six; one boat out, one boat home.
The heron stood on the old pier and looked for the sun.
In the evening, soup and a mended net.

Tuesday, the fourth of December.
Wind from the north, cold and strong. The sky was white.
High tide at seven; no boats out, and none to come home.
Two gulls sat on the wall and said the same thing twice.
In the evening, tea and the first snow.

Thursday, the sixth of December.
Wind from the east, cold and sharp. The sky was clear.
High tide at nine; two boats out, two boats home.
The robin came in at the kitchen door and stayed for tea.
In the evening, bread and a long story.

Friday, the seventh of December.
No wind at all, and snow on the boats. The sky was low.
High tide at ten; no boats out, and none to come home.
A crow walked over the snow and wrote us a letter.
In the evening, a lamp in every window.

Sunday, the ninth of December.
Wind from the south, mild and light. The sky was clear.
High tide at noon; nobody went out, and the bell rang once.
The thrush tried one note of a song and kept the rest for March.
In the evening, songs, and the year began again.
`;
