<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About SPADE Studio</source>
        <translation>Über SPADE Studio</translation>
    </message>
    <message>
        <source>Version {version}
Paint photographs from semantic layouts.</source>
        <translation>Version {version}
Fotos malen aus semantischen Layouts.</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source>Model card of the weights</source>
        <translation>Modellkarte der Gewichte</translation>
    </message>
    <message>
        <source>&amp;Summary</source>
        <translation>Ü&amp;berblick</translation>
    </message>
    <message>
        <source>&amp;Licence</source>
        <translation>&amp;Lizenz</translation>
    </message>
    <message>
        <source>&amp;Third parties</source>
        <translation>&amp;Dritte</translation>
    </message>
    <message>
        <source>&amp;Weights</source>
        <translation>&amp;Gewichte</translation>
    </message>
    <message>
        <source>The network is that of “Semantic Image Synthesis with Spatially-Adaptive Normalization” (Park, Liu, Wang, Zhu, CVPR 2019), also known as GauGAN, written anew from the paper.

The program is free software under the Apache License 2.0. Qt is used under the LGPL 3 by way of PySide6; the icons are Material Design Icons (Apache License 2.0) by way of QtAwesome.

The weights that come with it were trained on photographs without a clear licence: they are for development and personal use, not for products. The page Weights says more.</source>
        <translation>Das Netz ist das aus „Semantic Image Synthesis with Spatially-Adaptive Normalization“ (Park, Liu, Wang, Zhu, CVPR 2019), auch bekannt als GauGAN, nach dem Aufsatz neu geschrieben.

Das Programm ist freie Software unter der Apache-Lizenz 2.0. Qt wird unter der LGPL 3 über PySide6 verwendet; die Symbole sind Material Design Icons (Apache-Lizenz 2.0) aus QtAwesome.

Die mitgelieferten Gewichte wurden mit Fotos ohne klare Lizenz trainiert: Sie sind für die Entwicklung und den persönlichen Gebrauch, nicht für Produkte. Mehr dazu auf der Seite Gewichte.</translation>
    </message>
</context>
<context>
    <name>ActionBar</name>
    <message>
        <source>&amp;Locate…</source>
        <translation>&amp;Suchen…</translation>
    </message>
    <message>
        <source>Say where these weights are now</source>
        <translation>Sagen, wo diese Gewichte jetzt liegen</translation>
    </message>
    <message>
        <source>&amp;Remove from the list</source>
        <translation>Aus der &amp;Liste entfernen</translation>
    </message>
    <message>
        <source>Forget these weights; their files stay</source>
        <translation>Diese Gewichte vergessen; ihre Dateien bleiben</translation>
    </message>
    <message>
        <source>&amp;Try them…</source>
        <translation>&amp;Ausprobieren…</translation>
    </message>
    <message>
        <source>Load them beside the weights in use and see the same layout rendered with both</source>
        <translation>Neben den verwendeten Gewichten laden und dasselbe Layout mit beiden gerendert sehen</translation>
    </message>
    <message>
        <source>&amp;Keep the old ones</source>
        <translation>Die alten &amp;behalten</translation>
    </message>
    <message>
        <source>&amp;Use these weights</source>
        <translation>Diese Gewichte &amp;verwenden</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>A&amp;bbrechen</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;New</source>
        <translation>&amp;Neu</translation>
    </message>
    <message>
        <source>Start a new layout</source>
        <translation>Ein neues Layout beginnen</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>Ö&amp;ffnen…</translation>
    </message>
    <message>
        <source>Open a document (.ora) or a label map (PNG)</source>
        <translation>Ein Dokument (.ora) oder eine Labelkarte (PNG) öffnen</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>Save the document (.ora), which Krita and GIMP open too</source>
        <translation>Das Dokument speichern (.ora); auch Krita und GIMP öffnen es</translation>
    </message>
    <message>
        <source>Save &amp;As…</source>
        <translation>Speichern &amp;unter…</translation>
    </message>
    <message>
        <source>Save the document under another name</source>
        <translation>Das Dokument unter einem anderen Namen speichern</translation>
    </message>
    <message>
        <source>&amp;Export picture…</source>
        <translation>Bild &amp;exportieren…</translation>
    </message>
    <message>
        <source>Write the picture as PNG, JPEG or WebP, at any size</source>
        <translation>Das Bild als PNG, JPEG oder WebP in beliebiger Größe schreiben</translation>
    </message>
    <message>
        <source>Label map (&amp;ids)…</source>
        <translation>Labelkarte (&amp;Nummern)…</translation>
    </message>
    <message>
        <source>Export the layout as a PNG whose values are the label ids</source>
        <translation>Das Layout als PNG exportieren, dessen Werte die Nummern der Labels sind</translation>
    </message>
    <message>
        <source>OpenRaster with &amp;layers…</source>
        <translation>OpenRaster mit &amp;Ebenen…</translation>
    </message>
    <message>
        <source>Export render, labels and underlay as layers for Krita and GIMP</source>
        <translation>Bild, Labels und Fotounterlage als Ebenen für Krita und GIMP exportieren</translation>
    </message>
    <message>
        <source>&amp;Photoshop with layers…</source>
        <translation>&amp;Photoshop mit Ebenen…</translation>
    </message>
    <message>
        <source>Export render, labels and underlay as layers for Photoshop</source>
        <translation>Bild, Labels und Fotounterlage als Ebenen für Photoshop exportieren</translation>
    </message>
    <message>
        <source>Picture with &amp;transparency…</source>
        <translation>Bild mit &amp;Transparenz…</translation>
    </message>
    <message>
        <source>Export the picture without the sky or other labels</source>
        <translation>Das Bild ohne den Himmel oder andere Labels exportieren</translation>
    </message>
    <message>
        <source>Label map (&amp;colours)…</source>
        <translation>Labelkarte (&amp;Farben)…</translation>
    </message>
    <message>
        <source>Export the layout as a PNG in the labels&apos; colours</source>
        <translation>Das Layout als PNG in den Farben der Labels exportieren</translation>
    </message>
    <message>
        <source>&amp;Many pictures…</source>
        <translation>&amp;Viele Bilder…</translation>
    </message>
    <message>
        <source>Export variations, or a folder of layouts</source>
        <translation>Varianten oder einen Ordner voller Layouts exportieren</translation>
    </message>
    <message>
        <source>&amp;Variations…</source>
        <translation>&amp;Varianten…</translation>
    </message>
    <message>
        <source>Look through many styles over this layout</source>
        <translation>Viele Stile über diesem Layout durchsehen</translation>
    </message>
    <message>
        <source>&amp;Weights…</source>
        <translation>&amp;Gewichte…</translation>
    </message>
    <message>
        <source>See, open, try and change the weights that render</source>
        <translation>Die Gewichte, mit denen gerendert wird, ansehen, öffnen, ausprobieren und wechseln</translation>
    </message>
    <message>
        <source>&amp;Train…</source>
        <translation>&amp;Trainieren…</translation>
    </message>
    <message>
        <source>Train weights of your own, and watch it</source>
        <translation>Eigene Gewichte trainieren und dabei zusehen</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>Close SPADE Studio</source>
        <translation>SPADE Studio schließen</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>Undo the last stroke</source>
        <translation>Den letzten Strich zurücknehmen</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Wiederholen</translation>
    </message>
    <message>
        <source>Redo the stroke undone last</source>
        <translation>Den zuletzt zurückgenommenen Strich wiederholen</translation>
    </message>
    <message>
        <source>Cu&amp;t</source>
        <translation>&amp;Ausschneiden</translation>
    </message>
    <message>
        <source>Take what is selected out; its place is filled from what lies around it</source>
        <translation>Das Ausgewählte herausnehmen; seine Stelle wird aus der Umgebung gefüllt</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Copy what is selected; without a selection, the picture</source>
        <translation>Ausgewähltes kopieren; ohne Auswahl das Bild</translation>
    </message>
    <message>
        <source>Copy the p&amp;icture</source>
        <translation>B&amp;ild kopieren</translation>
    </message>
    <message>
        <source>Put the picture into the clipboard</source>
        <translation>Das Bild in die Zwischenablage legen</translation>
    </message>
    <message>
        <source>&amp;Paste</source>
        <translation>E&amp;infügen</translation>
    </message>
    <message>
        <source>Paste a copied piece of a layout, or take the style of a copied photograph</source>
        <translation>Ein kopiertes Stück Layout einfügen oder den Stil eines kopierten Fotos übernehmen</translation>
    </message>
    <message>
        <source>Select &amp;all</source>
        <translation>&amp;Alles auswählen</translation>
    </message>
    <message>
        <source>Select the whole layout</source>
        <translation>Das ganze Layout auswählen</translation>
    </message>
    <message>
        <source>Select &amp;none</source>
        <translation>&amp;Nichts auswählen</translation>
    </message>
    <message>
        <source>Select nothing: paint everywhere</source>
        <translation>Nichts auswählen: überall malen</translation>
    </message>
    <message>
        <source>&amp;Invert</source>
        <translation>&amp;Umkehren</translation>
    </message>
    <message>
        <source>Select what is not selected</source>
        <translation>Auswählen, was nicht ausgewählt ist</translation>
    </message>
    <message>
        <source>Select the &amp;label in hand</source>
        <translation>&amp;Label in der Hand auswählen</translation>
    </message>
    <message>
        <source>Select all of it; a double-click selects the label there</source>
        <translation>Alles davon auswählen; ein Doppelklick wählt das Label dort aus</translation>
    </message>
    <message>
        <source>&amp;Duplicate</source>
        <translation>&amp;Duplizieren</translation>
    </message>
    <message>
        <source>Copy what is selected beside it; or drag it with Alt held</source>
        <translation>Das Ausgewählte daneben kopieren; oder mit gehaltenem Alt ziehen</translation>
    </message>
    <message>
        <source>Flip left and &amp;right</source>
        <translation>&amp;Links und rechts spiegeln</translation>
    </message>
    <message>
        <source>Mirror what is selected</source>
        <translation>Das Ausgewählte spiegeln</translation>
    </message>
    <message>
        <source>Flip &amp;up and down</source>
        <translation>&amp;Oben und unten spiegeln</translation>
    </message>
    <message>
        <source>Turn what is selected upside down</source>
        <translation>Das Ausgewählte auf den Kopf stellen</translation>
    </message>
    <message>
        <source>Turn &amp;left by 90°</source>
        <translation>Um 90° nach l&amp;inks drehen</translation>
    </message>
    <message>
        <source>Turn what is selected to the left</source>
        <translation>Das Ausgewählte nach links drehen</translation>
    </message>
    <message>
        <source>Turn ri&amp;ght by 90°</source>
        <translation>Um 90° nach r&amp;echts drehen</translation>
    </message>
    <message>
        <source>Turn what is selected to the right</source>
        <translation>Das Ausgewählte nach rechts drehen</translation>
    </message>
    <message>
        <source>&amp;Brush</source>
        <translation>&amp;Pinsel</translation>
    </message>
    <message>
        <source>Brush: paint the chosen label; Shift+click draws straight, right-drag erases</source>
        <translation>Pinsel: das gewählte Label malen; Umschalt+Klick zieht gerade Striche, Ziehen mit rechts radiert</translation>
    </message>
    <message>
        <source>&amp;Eraser</source>
        <translation>&amp;Radierer</translation>
    </message>
    <message>
        <source>Eraser: paint unlabeled</source>
        <translation>Radierer: Labels entfernen</translation>
    </message>
    <message>
        <source>&amp;Fill</source>
        <translation>&amp;Füllen</translation>
    </message>
    <message>
        <source>Fill: give a whole region the chosen label</source>
        <translation>Füllen: einer ganzen Fläche das gewählte Label geben</translation>
    </message>
    <message>
        <source>&amp;Line</source>
        <translation>&amp;Linie</translation>
    </message>
    <message>
        <source>Line: drag a straight line of the brush&apos;s size; Shift keeps to 45 degrees</source>
        <translation>Linie: eine gerade Linie in Pinselstärke ziehen; Umschalt hält sie auf 45 Grad</translation>
    </message>
    <message>
        <source>&amp;Rectangle</source>
        <translation>R&amp;echteck</translation>
    </message>
    <message>
        <source>Rectangle: drag a filled rectangle; Shift makes a square</source>
        <translation>Rechteck: ein gefülltes Rechteck aufziehen; mit Umschalt wird es ein Quadrat</translation>
    </message>
    <message>
        <source>Ell&amp;ipse</source>
        <translation>Ell&amp;ipse</translation>
    </message>
    <message>
        <source>Ellipse: drag a filled ellipse; Shift makes a circle</source>
        <translation>Ellipse: eine gefüllte Ellipse aufziehen; mit Umschalt wird sie ein Kreis</translation>
    </message>
    <message>
        <source>Poly&amp;gon</source>
        <translation>Poly&amp;gon</translation>
    </message>
    <message>
        <source>Polygon: click its corners; Enter or a double-click fills it, Escape gives it up</source>
        <translation>Polygon: die Ecken anklicken; Eingabe oder Doppelklick füllt es, Esc verwirft es</translation>
    </message>
    <message>
        <source>L&amp;asso</source>
        <translation>L&amp;asso</translation>
    </message>
    <message>
        <source>Lasso: draw around a region to fill it</source>
        <translation>Lasso: eine Fläche umfahren und füllen</translation>
    </message>
    <message>
        <source>Sele&amp;ct and move</source>
        <translation>Aus&amp;wählen und verschieben</translation>
    </message>
    <message>
        <source>Select: drag a region; drag it, its corners or its knob to move, scale and turn it. A double-click selects a label</source>
        <translation>Auswählen: einen Bereich aufziehen; ihn, seine Ecken oder seinen Knopf ziehen, um ihn zu bewegen, zu skalieren und zu drehen. Ein Doppelklick wählt ein Label aus</translation>
    </message>
    <message>
        <source>&amp;Pick a label</source>
        <translation>Pipe&amp;tte</translation>
    </message>
    <message>
        <source>Picker: take the label under the pointer; or hold Alt in any tool</source>
        <translation>Pipette: das Label unter dem Zeiger aufnehmen; oder Alt in jedem Werkzeug halten</translation>
    </message>
    <message>
        <source>S&amp;maller brush</source>
        <translation>Pinsel &amp;kleiner</translation>
    </message>
    <message>
        <source>&amp;Larger brush</source>
        <translation>Pinsel gr&amp;ößer</translation>
    </message>
    <message>
        <source>Much smaller brush</source>
        <translation>Pinsel viel kleiner</translation>
    </message>
    <message>
        <source>Much larger brush</source>
        <translation>Pinsel viel größer</translation>
    </message>
    <message>
        <source>S&amp;wap with the previous label</source>
        <translation>Mit dem vorigen Label ta&amp;uschen</translation>
    </message>
    <message>
        <source>F&amp;ind a label</source>
        <translation>Label &amp;suchen</translation>
    </message>
    <message>
        <source>Fa&amp;vourite label</source>
        <translation>Label als Fa&amp;vorit</translation>
    </message>
    <message>
        <source>Keep the label in hand among the favourites</source>
        <translation>Das gewählte Label unter den Favoriten behalten</translation>
    </message>
    <message>
        <source>Find it on the &amp;canvas</source>
        <translation>Auf der Leinwand &amp;zeigen</translation>
    </message>
    <message>
        <source>Show where the label in hand lies, and how much</source>
        <translation>Zeigen, wo das gewählte Label liegt und wie viel davon</translation>
    </message>
    <message>
        <source>&amp;New style</source>
        <translation>&amp;Neuer Stil</translation>
    </message>
    <message>
        <source>New style: render in another random style</source>
        <translation>Neuer Stil: in einem anderen zufälligen Stil rendern</translation>
    </message>
    <message>
        <source>New te&amp;xture</source>
        <translation>Neue Te&amp;xtur</translation>
    </message>
    <message>
        <source>New texture: other grass, waves and clouds in the same light</source>
        <translation>Neue Textur: anderes Gras, andere Wellen und Wolken im selben Licht</translation>
    </message>
    <message>
        <source>New textu&amp;re of the label in hand</source>
        <translation>Neue Textu&amp;r der Labels in der Hand</translation>
    </message>
    <message>
        <source>Other texture in all of it; the rest stays as it is</source>
        <translation>Eine andere Textur überall, wo sie liegt; der Rest bleibt, wie er ist</translation>
    </message>
    <message>
        <source>New te&amp;xture in the selection</source>
        <translation>Neue Te&amp;xtur in der Auswahl</translation>
    </message>
    <message>
        <source>Other grass, waves or clouds where it is selected; the rest stays as it is</source>
        <translation>Anderes Gras, andere Wellen oder Wolken, wo ausgewählt ist; der Rest bleibt, wie er ist</translation>
    </message>
    <message>
        <source>Fa&amp;vourite style</source>
        <translation>Stil als &amp;Favorit</translation>
    </message>
    <message>
        <source>Keep the style under a star</source>
        <translation>Den Stil mit einem Stern behalten</translation>
    </message>
    <message>
        <source>Loc&amp;k the style</source>
        <translation>Stil spe&amp;rren</translation>
    </message>
    <message>
        <source>Dice and opened documents leave it alone</source>
        <translation>Würfel und geöffnete Dokumente lassen ihn in Ruhe</translation>
    </message>
    <message>
        <source>Paste as a st&amp;yle</source>
        <translation>Als Stil ein&amp;fügen</translation>
    </message>
    <message>
        <source>Take the style of the photograph in the clipboard</source>
        <translation>Den Stil des Fotos in der Zwischenablage übernehmen</translation>
    </message>
    <message>
        <source>Zoom &amp;in</source>
        <translation>Ver&amp;größern</translation>
    </message>
    <message>
        <source>Zoom &amp;out</source>
        <translation>Ver&amp;kleinern</translation>
    </message>
    <message>
        <source>&amp;Fit the layout</source>
        <translation>Layout &amp;einpassen</translation>
    </message>
    <message>
        <source>Show the whole layout</source>
        <translation>Das ganze Layout zeigen</translation>
    </message>
    <message>
        <source>&amp;100 %</source>
        <translation>&amp;100 %</translation>
    </message>
    <message>
        <source>Show every pixel of the layout as one on the screen</source>
        <translation>Jeden Pixel des Layouts als einen auf dem Bildschirm zeigen</translation>
    </message>
    <message>
        <source>Lin&amp;k layout and picture</source>
        <translation>Layout und Bild &amp;koppeln</translation>
    </message>
    <message>
        <source>Zoom and pan layout and picture together</source>
        <translation>Layout und Bild zusammen vergrößern und verschieben</translation>
    </message>
    <message>
        <source>Picture at 1&amp;00 %</source>
        <translation>Bild in 1&amp;00 %</translation>
    </message>
    <message>
        <source>Show every pixel of the picture as one on the screen</source>
        <translation>Jeden Bildpunkt des Bildes als einen des Bildschirms zeigen</translation>
    </message>
    <message>
        <source>Mirror left and &amp;right</source>
        <translation>Links un&amp;d rechts spiegeln</translation>
    </message>
    <message>
        <source>Repeat every stroke on the other side</source>
        <translation>Jeden Strich auf der anderen Seite wiederholen</translation>
    </message>
    <message>
        <source>Mirror &amp;up and down</source>
        <translation>&amp;Oben und unten spiegeln</translation>
    </message>
    <message>
        <source>Repeat every stroke above or below</source>
        <translation>Jeden Strich darüber oder darunter wiederholen</translation>
    </message>
    <message>
        <source>New &amp;object</source>
        <translation>Neues Ob&amp;jekt</translation>
    </message>
    <message>
        <source>The next strokes are one object of their own</source>
        <translation>Die nächsten Striche sind ein eigenes Objekt</translation>
    </message>
    <message>
        <source>Prote&amp;ct the label in hand</source>
        <translation>Gewähltes Label s&amp;chützen</translation>
    </message>
    <message>
        <source>Keep all tools from painting over it</source>
        <translation>Kein Werkzeug übermalt es</translation>
    </message>
    <message>
        <source>R&amp;eplace a label…</source>
        <translation>Label &amp;ersetzen…</translation>
    </message>
    <message>
        <source>Give all pixels of one label another</source>
        <translation>Allen Pixeln eines Labels ein anderes geben</translation>
    </message>
    <message>
        <source>Resi&amp;ze the layout…</source>
        <translation>Layoutgröße än&amp;dern…</translation>
    </message>
    <message>
        <source>Scale the layout to another size</source>
        <translation>Das Layout auf eine andere Größe skalieren</translation>
    </message>
    <message>
        <source>E&amp;xtend the canvas…</source>
        <translation>Fläche e&amp;rweitern…</translation>
    </message>
    <message>
        <source>Add room at the sides of the layout</source>
        <translation>Platz an den Seiten des Layouts hinzufügen</translation>
    </message>
    <message>
        <source>&amp;Crop to the selection</source>
        <translation>Auf Auswahl &amp;zuschneiden</translation>
    </message>
    <message>
        <source>Keep only the selected part of the layout</source>
        <translation>Nur den ausgewählten Teil des Layouts behalten</translation>
    </message>
    <message>
        <source>Take a &amp;snapshot</source>
        <translation>S&amp;chnappschuss aufnehmen</translation>
    </message>
    <message>
        <source>Keep the present state under a name</source>
        <translation>Den jetzigen Stand unter einem Namen behalten</translation>
    </message>
    <message>
        <source>&amp;Side by side</source>
        <translation>&amp;Nebeneinander</translation>
    </message>
    <message>
        <source>Show layout and render beside each other</source>
        <translation>Layout und Bild nebeneinander zeigen</translation>
    </message>
    <message>
        <source>&amp;Overlay</source>
        <translation>Ü&amp;berlagert</translation>
    </message>
    <message>
        <source>Show the render over the layout</source>
        <translation>Das Bild über dem Layout zeigen</translation>
    </message>
    <message>
        <source>&amp;Wipe</source>
        <translation>&amp;Trennlinie</translation>
    </message>
    <message>
        <source>Show the render right of a divider that can be dragged</source>
        <translation>Das Bild rechts einer verschiebbaren Trennlinie zeigen</translation>
    </message>
    <message>
        <source>Out&amp;lines</source>
        <translation>&amp;Umrisse</translation>
    </message>
    <message>
        <source>Draw rims between labels and objects</source>
        <translation>Ränder zwischen Labels und Objekten zeichnen</translation>
    </message>
    <message>
        <source>O&amp;bjects</source>
        <translation>&amp;Objekte</translation>
    </message>
    <message>
        <source>Give every object a colour of its own</source>
        <translation>Jedem Objekt eine eigene Farbe geben</translation>
    </message>
    <message>
        <source>Photo &amp;under the labels…</source>
        <translation>&amp;Foto unter den Labels…</translation>
    </message>
    <message>
        <source>Lay a photograph under the labels to paint after</source>
        <translation>Ein Foto als Vorlage unter die Labels legen</translation>
    </message>
    <message>
        <source>&amp;Remove the photo</source>
        <translation>Foto &amp;entfernen</translation>
    </message>
    <message>
        <source>Recent label 1</source>
        <translation>Letztes Label 1</translation>
    </message>
    <message>
        <source>Recent label 2</source>
        <translation>Letztes Label 2</translation>
    </message>
    <message>
        <source>Recent label 3</source>
        <translation>Letztes Label 3</translation>
    </message>
    <message>
        <source>Recent label 4</source>
        <translation>Letztes Label 4</translation>
    </message>
    <message>
        <source>Recent label 5</source>
        <translation>Letztes Label 5</translation>
    </message>
    <message>
        <source>Recent label 6</source>
        <translation>Letztes Label 6</translation>
    </message>
    <message>
        <source>Recent label 7</source>
        <translation>Letztes Label 7</translation>
    </message>
    <message>
        <source>Recent label 8</source>
        <translation>Letztes Label 8</translation>
    </message>
    <message>
        <source>Recent label 9</source>
        <translation>Letztes Label 9</translation>
    </message>
    <message>
        <source>Render &amp;again</source>
        <translation>&amp;Neu rendern</translation>
    </message>
    <message>
        <source>Render once more, also at a size for which memory did not suffice</source>
        <translation>Noch einmal rendern, auch in einer Größe, für die der Speicher nicht reichte</translation>
    </message>
    <message>
        <source>F&amp;ull screen</source>
        <translation>&amp;Vollbild</translation>
    </message>
    <message>
        <source>Fill the whole screen</source>
        <translation>Den ganzen Bildschirm füllen</translation>
    </message>
    <message>
        <source>&amp;Hide the panels</source>
        <translation>&amp;Bedienfelder verbergen</translation>
    </message>
    <message>
        <source>Leave only layout and picture; the same key brings all back</source>
        <translation>Nur Layout und Bild lassen; dieselbe Taste bringt alles zurück</translation>
    </message>
    <message>
        <source>Like the &amp;system</source>
        <translation>Wie das &amp;System</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>&amp;Hell</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>&amp;Dunkel</translation>
    </message>
    <message>
        <source>Open sa&amp;mple…</source>
        <translation>&amp;Beispiel öffnen…</translation>
    </message>
    <message>
        <source>Choose a layout that comes with the program</source>
        <translation>Ein mitgeliefertes Layout wählen</translation>
    </message>
    <message>
        <source>Se&amp;ttings…</source>
        <translation>E&amp;instellungen…</translation>
    </message>
    <message>
        <source>Appearance, language, autosave, undo memory and more</source>
        <translation>Aussehen, Sprache, Sicherung, Speicher für Rückgängig und mehr</translation>
    </message>
    <message>
        <source>&amp;Painting guide</source>
        <translation>&amp;Malanleitung</translation>
    </message>
    <message>
        <source>Read how to paint, with pictures</source>
        <translation>Lesen, wie man malt, mit Bildern</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts…</source>
        <translation>&amp;Tastenkürzel…</translation>
    </message>
    <message>
        <source>See all keys and choose others</source>
        <translation>Alle Tasten sehen und andere wählen</translation>
    </message>
    <message>
        <source>&amp;Tour of the window</source>
        <translation>&amp;Rundgang durch das Fenster</translation>
    </message>
    <message>
        <source>Show the hints of the first start again</source>
        <translation>Die Hinweise des ersten Starts noch einmal zeigen</translation>
    </message>
    <message>
        <source>&amp;Error reports…</source>
        <translation>&amp;Fehlerberichte…</translation>
    </message>
    <message>
        <source>See what was saved when something went wrong</source>
        <translation>Sehen, was gesichert wurde, als etwas schiefging</translation>
    </message>
    <message>
        <source>&amp;About SPADE Studio</source>
        <translation>&amp;Über SPADE Studio</translation>
    </message>
</context>
<context>
    <name>Autosave</name>
    <message>
        <source>Unsaved changes cannot be kept aside: {problem}. Save the document.</source>
        <translation>Ungespeicherte Änderungen können nicht gesichert werden: {problem}. Bitte das Dokument speichern.</translation>
    </message>
</context>
<context>
    <name>Banner</name>
    <message>
        <source>Hide this message</source>
        <translation>Diese Meldung ausblenden</translation>
    </message>
</context>
<context>
    <name>Bench</name>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>Loading…</source>
        <translation>Wird geladen…</translation>
    </message>
    <message>
        <source>No weights are loaded.</source>
        <translation>Keine Gewichte sind geladen.</translation>
    </message>
    <message>
        <source>Rendering…</source>
        <translation>Wird gerendert…</translation>
    </message>
    <message>
        <source>Loading the weights…</source>
        <translation>Die Gewichte werden geladen…</translation>
    </message>
</context>
<context>
    <name>BrushSizePanel</name>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Brush size</source>
        <translation>Pinselgröße</translation>
    </message>
    <message>
        <source>Diameter of brush and eraser, in pixels of the layout ([ and ])</source>
        <translation>Durchmesser von Pinsel und Radierer in Pixeln des Layouts ([ und ])</translation>
    </message>
    <message>
        <source> px</source>
        <translation> px</translation>
    </message>
    <message>
        <source>Brush size in pixels</source>
        <translation>Pinselgröße in Pixeln</translation>
    </message>
    <message>
        <source>Diameter of brush and eraser; or drag on the canvas with Shift held</source>
        <translation>Durchmesser von Pinsel und Radierer; oder mit gehaltener Umschalttaste auf der Fläche ziehen</translation>
    </message>
</context>
<context>
    <name>CanvasCommands</name>
    <message>
        <source>Photos (*.png *.jpg *.jpeg *.webp);;All files (*)</source>
        <translation>Fotos (*.png *.jpg *.jpeg *.webp);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>View</source>
        <translation>Ansicht</translation>
    </message>
    <message>
        <source>{title} panel</source>
        <translation>Bereich {title}</translation>
    </message>
    <message>
        <source>Every pixel takes the label of the nearest one, so edges stay hard.</source>
        <translation>Jeder Pixel nimmt das Label des nächsten an; Kanten bleiben hart.</translation>
    </message>
    <message>
        <source>Resize the layout</source>
        <translation>Layoutgröße ändern</translation>
    </message>
    <message>
        <source>Resize</source>
        <translation>Ändern</translation>
    </message>
    <message>
        <source>All snapshots of a layout together may take {size:.0f} GB. Remove one first.</source>
        <translation>Alle Schnappschüsse eines Layouts dürfen zusammen {size:.0f} GB belegen. Entfernen Sie zuerst einen.</translation>
    </message>
    <message>
        <source>No room for another snapshot</source>
        <translation>Kein Platz für einen weiteren Schnappschuss</translation>
    </message>
    <message>
        <source>Snapshot {number}</source>
        <translation>Schnappschuss {number}</translation>
    </message>
    <message>
        <source>Lay a photo under the labels</source>
        <translation>Ein Foto unter die Labels legen</translation>
    </message>
    <message>
        <source>Opening {name}…</source>
        <translation>{name} wird geöffnet …</translation>
    </message>
    <message>
        <source>{name} could not be opened</source>
        <translation>{name} konnte nicht geöffnet werden</translation>
    </message>
</context>
<context>
    <name>CanvasView</name>
    <message>
        <source>Layout canvas</source>
        <translation>Leinwand des Layouts</translation>
    </message>
    <message>
        <source>Paint labels here; the render follows.</source>
        <translation>Hier werden Labels gemalt; das Bild folgt.</translation>
    </message>
</context>
<context>
    <name>CellDelegate</name>
    <message>
        <source>failed</source>
        <translation>gescheitert</translation>
    </message>
    <message>
        <source>{} (in use)</source>
        <translation>{} (in Gebrauch)</translation>
    </message>
</context>
<context>
    <name>ChipView</name>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
</context>
<context>
    <name>Comparison</name>
    <message>
        <source>Picture of the weights in use</source>
        <translation>Bild der verwendeten Gewichte</translation>
    </message>
    <message>
        <source>Picture of the weights on trial</source>
        <translation>Bild der Gewichte auf Probe</translation>
    </message>
    <message>
        <source>In use: {name}</source>
        <translation>In Gebrauch: {name}</translation>
    </message>
    <message>
        <source>On trial: {name}</source>
        <translation>Auf Probe: {name}</translation>
    </message>
</context>
<context>
    <name>ConfigForm</name>
    <message>
        <source>Choose a folder or zip with photographs and label maps.</source>
        <translation>Einen Ordner oder ein Zip mit Fotos und Labelkarten wählen.</translation>
    </message>
    <message>
        <source>There is no {path}.</source>
        <translation>{path} gibt es nicht.</translation>
    </message>
</context>
<context>
    <name>Curves</name>
    <message>
        <source>Reconstruction L1</source>
        <translation>Rekonstruktion L1</translation>
    </message>
    <message>
        <source>Diversity</source>
        <translation>Vielfalt</translation>
    </message>
    <message>
        <source>Fréchet distance</source>
        <translation>Fréchet-Distanz</translation>
    </message>
    <message>
        <source>Generator losses</source>
        <translation>Verluste des Generators</translation>
    </message>
    <message>
        <source>Discriminator losses</source>
        <translation>Verluste des Diskriminators</translation>
    </message>
    <message>
        <source>Smoo&amp;th</source>
        <translation>&amp;Glätten</translation>
    </message>
    <message>
        <source>Lo&amp;garithmic</source>
        <translation>Lo&amp;garithmisch</translation>
    </message>
    <message>
        <source>Show a running mean of the losses in place of every value</source>
        <translation>Statt jedes Werts ein gleitendes Mittel der Verluste zeigen</translation>
    </message>
    <message>
        <source>Show losses on a logarithmic scale; values below zero are left out</source>
        <translation>Verluste logarithmisch zeigen; Werte unter null fehlen dann</translation>
    </message>
</context>
<context>
    <name>CutoutDialog</name>
    <message>
        <source>Export with transparency</source>
        <translation>Mit Transparenz exportieren</translation>
    </message>
    <message>
        <source>&amp;Transparent in the picture:</source>
        <translation>Im Bild &amp;transparent:</translation>
    </message>
    <message>
        <source>Transparent labels</source>
        <translation>Transparente Labels</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>&amp;Export…</source>
        <translation>&amp;Exportieren…</translation>
    </message>
</context>
<context>
    <name>DataReport</name>
    <message>
        <source>Ready for training.</source>
        <translation>Bereit zum Training.</translation>
    </message>
    <message>
        <source>Sizes: {smallest} to {largest}</source>
        <translation>Größen: {smallest} bis {largest}</translation>
    </message>
    <message>
        <source>Unlabeled: {share} of all pixels</source>
        <translation>Ohne Label: {share} aller Pixel</translation>
    </message>
    <message>
        <source>Labels by area:</source>
        <translation>Labels nach Fläche:</translation>
    </message>
    <message numerus="yes">
        <source>%Ln photograph(s) with label maps ({kind}, labels of {label_set})</source>
        <translation>
            <numerusform>%Ln Foto mit Labelkarte ({kind}, Labels von {label_set})</numerusform>
            <numerusform>%Ln Fotos mit Labelkarten ({kind}, Labels von {label_set})</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln problem(s) to put right before training:</source>
        <translation>
            <numerusform>%Ln Problem ist vor dem Training zu beheben:</numerusform>
            <numerusform>%Ln Probleme sind vor dem Training zu beheben:</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln has/have instance maps</source>
        <translation>
            <numerusform>%Ln hat eine Instanzkarte</numerusform>
            <numerusform>%Ln haben Instanzkarten</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Warning: %Ln photograph(s) that occur(s) more than once: {names}</source>
        <translation>
            <numerusform>Warnung: %Ln Foto, das mehrmals vorkommt: {names}</numerusform>
            <numerusform>Warnung: %Ln Fotos, die mehrmals vorkommen: {names}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Warning: %Ln tiny photograph(s): {names}</source>
        <translation>
            <numerusform>Warnung: %Ln winziges Foto: {names}</numerusform>
            <numerusform>Warnung: %Ln winzige Fotos: {names}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Warning: %Ln label(s) that no picture shows: {names}</source>
        <translation>
            <numerusform>Warnung: %Ln Label, das kein Bild zeigt: {names}</numerusform>
            <numerusform>Warnung: %Ln Labels, die kein Bild zeigt: {names}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>  {share}  {name} (%Ln picture(s))</source>
        <translation>
            <numerusform>  {share}  {name} (%Ln Bild)</numerusform>
            <numerusform>  {share}  {name} (%Ln Bilder)</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>and %Ln more</source>
        <translation>
            <numerusform>und %Ln weiteres</numerusform>
            <numerusform>und %Ln weitere</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Delivery</name>
    <message>
        <source>{name} is exported, {width} × {height} px</source>
        <translation>{name} ist exportiert, {width} × {height} px</translation>
    </message>
    <message>
        <source>The picture is in the clipboard, {width} × {height} px</source>
        <translation>Das Bild liegt in der Zwischenablage, {width} × {height} px</translation>
    </message>
    <message>
        <source>There is no picture yet</source>
        <translation>Noch gibt es kein Bild</translation>
    </message>
    <message>
        <source>Wait until the render of this layout is shown. An empty layout has none.</source>
        <translation>Warten Sie, bis das Bild dieses Layouts angezeigt wird. Ein leeres Layout hat keines.</translation>
    </message>
</context>
<context>
    <name>Desktop</name>
    <message>
        <source>SPADE Studio ended unexpectedly last time. A report was saved on this computer.</source>
        <translation>SPADE Studio wurde beim letzten Mal unerwartet beendet. Ein Bericht wurde auf diesem Rechner gesichert.</translation>
    </message>
    <message>
        <source>SPADE Studio {version} is available.</source>
        <translation>SPADE Studio {version} ist verfügbar.</translation>
    </message>
    <message>
        <source>Show it in the browser</source>
        <translation>Im Browser zeigen</translation>
    </message>
    <message>
        <source>Something in the program went wrong ({error}). You can go on and save.</source>
        <translation>Im Programm ging etwas schief ({error}). Sie können weiterarbeiten und speichern.</translation>
    </message>
    <message>
        <source>Show the report…</source>
        <translation>Bericht zeigen…</translation>
    </message>
    <message>
        <source>Choose what to paint</source>
        <translation>Wählen, was gemalt wird</translation>
    </message>
    <message>
        <source>Every colour is a label: sky, mountain, water. Click one, or press Ctrl+F and type its name.</source>
        <translation>Jede Farbe ist ein Label: Himmel, Berg, Wasser. Eines anklicken, oder Strg+F drücken und seinen Namen tippen.</translation>
    </message>
    <message>
        <source>Paint the layout here</source>
        <translation>Hier das Layout malen</translation>
    </message>
    <message>
        <source>Drag to paint, right-drag to erase; the wheel zooms, Space and drag moves. Every stroke can be undone.</source>
        <translation>Ziehen malt, mit rechts radiert es; das Rad vergrößert, Leertaste und Ziehen verschiebt. Jeder Strich lässt sich zurücknehmen.</translation>
    </message>
    <message>
        <source>Watch it become a photograph</source>
        <translation>Zusehen, wie ein Foto daraus wird</translation>
    </message>
    <message>
        <source>The picture follows your hand. F2, F3 and F4 show it beside the layout, over it, or behind a divider.</source>
        <translation>Das Bild folgt der Hand. F2, F3 und F4 zeigen es neben dem Layout, darüber oder hinter einer Trennlinie.</translation>
    </message>
    <message>
        <source>Change light and mood</source>
        <translation>Licht und Stimmung ändern</translation>
    </message>
    <message>
        <source>The strip of styles: click a look, drop a photograph on it, or press D for another one. A star keeps a style.</source>
        <translation>Der Streifen der Stile: klicke einen an, lege ein Foto darauf ab, oder drücke D für einen anderen. Ein Stern behält einen Stil.</translation>
    </message>
    <message>
        <source>Take it with you</source>
        <translation>Mitnehmen</translation>
    </message>
    <message>
        <source>File &gt; Export writes pictures, layers and label maps. Help shows this tour again, and the guide.</source>
        <translation>Datei &gt; Exportieren schreibt Bilder, Ebenen und Labelkarten. Hilfe zeigt diesen Rundgang noch einmal, und die Anleitung.</translation>
    </message>
</context>
<context>
    <name>Document</name>
    <message>
        <source>snapshot {name}</source>
        <translation>Schnappschuss {name}</translation>
    </message>
</context>
<context>
    <name>DrawingPage</name>
    <message>
        <source>&amp;Follow</source>
        <translation>&amp;Folgen</translation>
    </message>
    <message>
        <source>Render the drawing on the canvas with every new checkpoint; takes some processor time from the trainer</source>
        <translation>Die Zeichnung auf der Leinwand mit jedem neuen Checkpoint rendern; kostet das Training etwas Rechenzeit</translation>
    </message>
    <message>
        <source>Render no&amp;w</source>
        <translation>&amp;Jetzt rendern</translation>
    </message>
    <message>
        <source>&amp;Use these weights</source>
        <translation>Diese Gewichte &amp;verwenden</translation>
    </message>
    <message>
        <source>Render the drawing on the canvas with the shown checkpoint; at the right end with the newest</source>
        <translation>Die Zeichnung auf der Leinwand mit dem gezeigten Checkpoint rendern; am rechten Ende mit dem neuesten</translation>
    </message>
    <message>
        <source>Paint with the weights of the shown checkpoint</source>
        <translation>Mit den Gewichten des gezeigten Checkpoints malen</translation>
    </message>
    <message>
        <source>The drawing on the canvas, rendered by the checkpoints of this run.

Render now makes the first picture.</source>
        <translation>Die Zeichnung auf der Leinwand, gerendert von den Checkpoints dieses Laufs.

„Jetzt rendern“ macht das erste Bild.</translation>
    </message>
    <message>
        <source>This checkpoint has not rendered your drawing yet.

Render now makes the picture.</source>
        <translation>Dieser Checkpoint hat Ihre Zeichnung noch nicht gerendert.

„Jetzt rendern“ macht das Bild.</translation>
    </message>
    <message>
        <source>My drawing</source>
        <translation>Meine Zeichnung</translation>
    </message>
    <message>
        <source>The canvas takes the weights of step {step:,}.</source>
        <translation>Die Leinwand übernimmt die Gewichte von Schritt {step:,}.</translation>
    </message>
    <message>
        <source>Others are being loaded now.</source>
        <translation>Gerade werden andere geladen.</translation>
    </message>
    <message>
        <source>Step {step:,}</source>
        <translation>Schritt {step:,}</translation>
    </message>
    <message>
        <source>Rendering your drawing…</source>
        <translation>Die Zeichnung wird gerendert…</translation>
    </message>
    <message>
        <source>Making the weights a file…</source>
        <translation>Die Gewichte werden zur Datei …</translation>
    </message>
</context>
<context>
    <name>Editor</name>
    <message>
        <source>Browse…</source>
        <translation>Durchsuchen…</translation>
    </message>
    <message>
        <source>A &amp;folder…</source>
        <translation>Ein &amp;Ordner…</translation>
    </message>
    <message>
        <source>A &amp;zip file…</source>
        <translation>Eine &amp;Zip-Datei…</translation>
    </message>
    <message>
        <source>Archives (*.zip);;All files (*)</source>
        <translation>Archive (*.zip);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Browse for {title}</source>
        <translation>{title} suchen</translation>
    </message>
</context>
<context>
    <name>Editors</name>
    <message>
        <source>the architecture&apos;s own</source>
        <translation>wie die Architektur</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
</context>
<context>
    <name>ExportController</name>
    <message numerus="yes">
        <source>An export is running: {done} of %Ln picture(s) done. It can be resumed later.</source>
        <translation>
            <numerusform>Ein Export läuft: {done} von %Ln Bild fertig. Er lässt sich später fortsetzen.</numerusform>
            <numerusform>Ein Export läuft: {done} von %Ln Bildern fertig. Er lässt sich später fortsetzen.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>A video is being made: {done} of %Ln frame(s) done. Once stopped, it begins anew.</source>
        <translation>
            <numerusform>Ein Video entsteht: {done} von %Ln Einzelbild fertig. Nach einem Abbruch beginnt es von vorn.</numerusform>
            <numerusform>Ein Video entsteht: {done} von %Ln Einzelbildern fertig. Nach einem Abbruch beginnt es von vorn.</numerusform>
        </translation>
    </message>
    <message>
        <source>Stop what is being exported?</source>
        <translation>Das laufende Exportieren abbrechen?</translation>
    </message>
    <message>
        <source>&amp;Stop and close</source>
        <translation>&amp;Abbrechen und schließen</translation>
    </message>
    <message>
        <source>&amp;Wait</source>
        <translation>&amp;Warten</translation>
    </message>
</context>
<context>
    <name>ExportForm</name>
    <message>
        <source>The style chosen in the sheet</source>
        <translation>Der im Bogen gewählte Stil</translation>
    </message>
    <message>
        <source>no folder is named</source>
        <translation>kein Ordner ist genannt</translation>
    </message>
    <message>
        <source>a folder for the pictures</source>
        <translation>ein Ordner für die Bilder</translation>
    </message>
    <message numerus="yes">
        <source>The %n style(s) chosen in the sheet</source>
        <translation>
            <numerusform>Der im Bogen gewählte Stil</numerusform>
            <numerusform>Die %n im Bogen gewählten Stile</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln picture(s)</source>
        <translation>
            <numerusform>%Ln Bild</numerusform>
            <numerusform>%Ln Bilder</numerusform>
        </translation>
    </message>
    <message>
        <source>no folder of label maps is named</source>
        <translation>kein Ordner mit Labelkarten ist genannt</translation>
    </message>
    <message>
        <source>a folder with label PNGs</source>
        <translation>ein Ordner mit Label-PNGs</translation>
    </message>
    <message>
        <source>there is no folder {}</source>
        <translation>den Ordner {} gibt es nicht</translation>
    </message>
    <message>
        <source>the folder {} cannot be read</source>
        <translation>der Ordner {} lässt sich nicht lesen</translation>
    </message>
    <message>
        <source>The layout in the &amp;window</source>
        <translation>Das Layout im &amp;Fenster</translation>
    </message>
    <message>
        <source>A fo&amp;lder of label maps</source>
        <translation>Ein Ordner mit &amp;Labelkarten</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>Durchsuchen…</translation>
    </message>
    <message>
        <source>Folder of label maps</source>
        <translation>Ordner mit Labelkarten</translation>
    </message>
    <message>
        <source>Folder with label PNGs</source>
        <translation>Ordner mit Label-PNGs</translation>
    </message>
    <message>
        <source>Labels of the maps</source>
        <translation>Labels der Karten</translation>
    </message>
    <message>
        <source>Labels as in the window</source>
        <translation>Labels wie im Fenster</translation>
    </message>
    <message>
        <source>&amp;Variations:</source>
        <translation>&amp;Varianten:</translation>
    </message>
    <message>
        <source>The styles chosen in the sheet</source>
        <translation>Die im Bogen gewählten Stile</translation>
    </message>
    <message>
        <source>The style in &amp;use</source>
        <translation>Der &amp;jetzige Stil</translation>
    </message>
    <message>
        <source>Number of variations</source>
        <translation>Anzahl der Varianten</translation>
    </message>
    <message>
        <source>Seed of the first variation</source>
        <translation>Startwert der ersten Variante</translation>
    </message>
    <message>
        <source>Width × height of the pictures; several with commas between them</source>
        <translation>Breite × Höhe der Bilder; mehrere durch Kommas getrennt</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>Format</translation>
    </message>
    <message>
        <source>PNG</source>
        <translation>PNG</translation>
    </message>
    <message>
        <source>JPEG</source>
        <translation>JPEG</translation>
    </message>
    <message>
        <source>WebP</source>
        <translation>WebP</translation>
    </message>
    <message>
        <source>PNGs are exact, and can be rendered again and dropped on the window</source>
        <translation>PNGs sind exakt, lassen sich wieder rendern und auf das Fenster ziehen</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>Pattern of the file names</source>
        <translation>Muster der Dateinamen</translation>
    </message>
    <message>
        <source>Fields: {}; digits as in {}</source>
        <translation>Felder: {}; Ziffern wie in {}</translation>
    </message>
    <message>
        <source>Folder for the pictures</source>
        <translation>Ordner für die Bilder</translation>
    </message>
    <message>
        <source>from seed</source>
        <translation>ab Startwert</translation>
    </message>
    <message>
        <source>Layout</source>
        <translation>Layout</translation>
    </message>
    <message>
        <source>Styles</source>
        <translation>Stile</translation>
    </message>
    <message>
        <source>&amp;Size</source>
        <translation>&amp;Größe</translation>
    </message>
    <message>
        <source>Forma&amp;t</source>
        <translation>Forma&amp;t</translation>
    </message>
    <message>
        <source>&amp;Names</source>
        <translation>&amp;Namen</translation>
    </message>
    <message>
        <source>F&amp;older</source>
        <translation>&amp;Ordner</translation>
    </message>
    <message>
        <source>The first is called {}</source>
        <translation>Das erste heißt {}</translation>
    </message>
</context>
<context>
    <name>ExportOrder</name>
    <message>
        <source>there is nothing to export</source>
        <translation>es gibt nichts zu exportieren</translation>
    </message>
    <message>
        <source>that makes {:,} pictures</source>
        <translation>das ergibt {:,} Bilder</translation>
    </message>
    <message>
        <source>at most {:,} in one export</source>
        <translation>höchstens {:,} in einem Export</translation>
    </message>
    <message>
        <source>Add {index} or {variation} to it, or {layout} or {size} where there are several</source>
        <translation>{index} oder {variation} ergänzen, oder {layout} oder {size}, wo es mehrere gibt</translation>
    </message>
    <message>
        <source>the pattern gives two pictures the name {!r}</source>
        <translation>das Muster gibt zwei Bildern den Namen {!r}</translation>
    </message>
</context>
<context>
    <name>ExportWindow</name>
    <message>
        <source>Export pictures - SPADE Studio</source>
        <translation>Bilder exportieren - SPADE Studio</translation>
    </message>
    <message>
        <source>C&amp;ontinue it</source>
        <translation>&amp;Fortsetzen</translation>
    </message>
    <message>
        <source>Go on with the export that this folder holds, as it was set up</source>
        <translation>Den Export in diesem Ordner so fortsetzen, wie er eingerichtet war</translation>
    </message>
    <message>
        <source>Progress of the export</source>
        <translation>Fortschritt des Exports</translation>
    </message>
    <message>
        <source>Pictures that are missing</source>
        <translation>Fehlende Bilder</translation>
    </message>
    <message>
        <source>Show &amp;folder</source>
        <translation>Ordner &amp;zeigen</translation>
    </message>
    <message>
        <source>&amp;Export</source>
        <translation>&amp;Exportieren</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>&amp;Pause</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>A&amp;bbrechen</translation>
    </message>
    <message>
        <source>This cannot be exported</source>
        <translation>Das kann nicht exportiert werden</translation>
    </message>
    <message>
        <source>This cannot be continued</source>
        <translation>Das kann nicht fortgesetzt werden</translation>
    </message>
    <message>
        <source>Replace files in this folder?</source>
        <translation>Dateien in diesem Ordner ersetzen?</translation>
    </message>
    <message>
        <source>Replace the export in this folder?</source>
        <translation>Den Export in diesem Ordner ersetzen?</translation>
    </message>
    <message numerus="yes">
        <source>%Ln file(s) with these names in {folder}, not from this export.</source>
        <translation>
            <numerusform>%Ln Datei dieses Namens in {folder}, nicht von diesem Export.</numerusform>
            <numerusform>%Ln Dateien dieser Namen in {folder}, nicht von diesem Export.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Another export into this folder cannot go on then: %Ln picture(s) done, {missing} missing.</source>
        <translation>
            <numerusform>Ein anderer Export in diesen Ordner kann dann nicht fortgesetzt werden: %Ln Bild fertig, {missing} fehlen.</numerusform>
            <numerusform>Ein anderer Export in diesen Ordner kann dann nicht fortgesetzt werden: %Ln Bilder fertig, {missing} fehlen.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>This folder holds an export of %Ln picture(s), {missing} missing.</source>
        <translation>
            <numerusform>In diesem Ordner liegt ein Export von %Ln Bild, {missing} fehlen.</numerusform>
            <numerusform>In diesem Ordner liegt ein Export von %Ln Bildern, {missing} fehlen.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{done} of %Ln picture(s)</source>
        <translation>
            <numerusform>{done} von %Ln Bild</numerusform>
            <numerusform>{done} von %Ln Bildern</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Paused: {done} of %Ln picture(s) done.</source>
        <translation>
            <numerusform>Pause: {done} von %Ln Bild fertig.</numerusform>
            <numerusform>Pause: {done} von %Ln Bildern fertig.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Done: %Ln picture(s) in {folder}.</source>
        <translation>
            <numerusform>Fertig: %Ln Bild in {folder}.</numerusform>
            <numerusform>Fertig: %Ln Bilder in {folder}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln picture(s) failed, {done} done. Export tries again.</source>
        <translation>
            <numerusform>%Ln Bild ist gescheitert, {done} fertig. Exportieren versucht es noch einmal.</numerusform>
            <numerusform>%Ln Bilder sind gescheitert, {done} fertig. Exportieren versucht sie noch einmal.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Stopped: {done} of %Ln picture(s) done. Export goes on from here.</source>
        <translation>
            <numerusform>Angehalten: {done} von %Ln Bild fertig. Exportieren macht hier weiter.</numerusform>
            <numerusform>Angehalten: {done} von %Ln Bildern fertig. Exportieren macht hier weiter.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>… and %Ln more, in the manifest</source>
        <translation>
            <numerusform>… und %Ln weiteres, im Manifest</numerusform>
            <numerusform>… und %Ln weitere, im Manifest</numerusform>
        </translation>
    </message>
    <message>
        <source>&amp;Replace</source>
        <translation>&amp;Ersetzen</translation>
    </message>
    <message>
        <source>&amp;Resume</source>
        <translation>&amp;Fortsetzen</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Beginnt…</translation>
    </message>
    <message>
        <source>Ending…</source>
        <translation>Wird beendet…</translation>
    </message>
</context>
<context>
    <name>ExtendDialog</name>
    <message>
        <source>Extend the canvas</source>
        <translation>Fläche erweitern</translation>
    </message>
    <message>
        <source>Extend</source>
        <translation>Erweitern</translation>
    </message>
    <message>
        <source>In the middle</source>
        <translation>In der Mitte</translation>
    </message>
    <message>
        <source>At the left</source>
        <translation>Links</translation>
    </message>
    <message>
        <source>At the right</source>
        <translation>Rechts</translation>
    </message>
    <message>
        <source>At the top</source>
        <translation>Oben</translation>
    </message>
    <message>
        <source>At the bottom</source>
        <translation>Unten</translation>
    </message>
    <message>
        <source>Where the layout stays</source>
        <translation>Wo das Layout bleibt</translation>
    </message>
    <message>
        <source>Layout &amp;stays</source>
        <translation>Layout &amp;bleibt</translation>
    </message>
    <message>
        <source>&amp;Go on as the layout ends</source>
        <translation>&amp;Fortsetzen, wie das Layout endet</translation>
    </message>
    <message>
        <source>Fill what is added with the nearest labels, or leave it empty</source>
        <translation>Das Neue mit den nächsten Labels füllen, oder leer lassen</translation>
    </message>
    <message>
        <source>The canvas never gets smaller: crop to a selection for that.</source>
        <translation>Die Fläche wird nie kleiner: dafür auf eine Auswahl zuschneiden.</translation>
    </message>
</context>
<context>
    <name>Fields</name>
    <message>
        <source>Data</source>
        <translation>Daten</translation>
    </message>
    <message>
        <source>Kind of data</source>
        <translation>Art der Daten</translation>
    </message>
    <message>
        <source>Label set</source>
        <translation>Labelsatz</translation>
    </message>
    <message>
        <source>Resize to (pixels)</source>
        <translation>Verkleinern auf (Pixel)</translation>
    </message>
    <message>
        <source>Train at (pixels)</source>
        <translation>Trainieren mit (Pixel)</translation>
    </message>
    <message>
        <source>Length counts</source>
        <translation>Länge zählt</translation>
    </message>
    <message>
        <source>Length at full rate</source>
        <translation>Länge mit voller Rate</translation>
    </message>
    <message>
        <source>Length while it falls</source>
        <translation>Länge, während sie fällt</translation>
    </message>
    <message>
        <source>Pictures in a batch</source>
        <translation>Bilder je Batch</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Numbers</source>
        <translation>Zahlen</translation>
    </message>
    <message>
        <source>Perceptual weight</source>
        <translation>Gewicht der Wahrnehmung</translation>
    </message>
    <message>
        <source>Perceptual network</source>
        <translation>Wahrnehmungsnetz</translation>
    </message>
    <message>
        <source>Start from weights</source>
        <translation>Beginnen mit Gewichten</translation>
    </message>
    <message>
        <source>Steps per checkpoint</source>
        <translation>Schritte je Checkpoint</translation>
    </message>
    <message>
        <source>Steps per sample grid</source>
        <translation>Schritte je Musterbogen</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>Architektur</translation>
    </message>
    <message>
        <source>Use an encoder</source>
        <translation>Mit Encoder</translation>
    </message>
    <message>
        <source>TF32</source>
        <translation>TF32</translation>
    </message>
    <message>
        <source>KL weight</source>
        <translation>KL-Gewicht</translation>
    </message>
    <message>
        <source>KL form</source>
        <translation>KL-Form</translation>
    </message>
    <message>
        <source>Style width (z)</source>
        <translation>Breite des Stils (z)</translation>
    </message>
    <message>
        <source>Fréchet network</source>
        <translation>Fréchet-Netz</translation>
    </message>
    <message>
        <source>Label ids</source>
        <translation>Nummern der Labels</translation>
    </message>
    <message>
        <source>Starting weights</source>
        <translation>Anfangsgewichte</translation>
    </message>
    <message>
        <source>Perceptual distance</source>
        <translation>Wahrnehmungsabstand</translation>
    </message>
    <message>
        <source>Two time scales (TTUR)</source>
        <translation>Zwei Zeitskalen (TTUR)</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
</context>
<context>
    <name>FileCommands</name>
    <message>
        <source>Documents (*.ora)</source>
        <translation>Dokumente (*.ora)</translation>
    </message>
    <message>
        <source>Label maps (*.png)</source>
        <translation>Labelkarten (*.png)</translation>
    </message>
    <message>
        <source>Documents and label maps (*.ora *.png)</source>
        <translation>Dokumente und Labelkarten (*.ora *.png)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>Unbenannt</translation>
    </message>
    <message>
        <source>Open a document or a label map</source>
        <translation>Ein Dokument oder eine Labelkarte öffnen</translation>
    </message>
    <message>
        <source>{name} could not be opened</source>
        <translation>{name} konnte nicht geöffnet werden</translation>
    </message>
    <message>
        <source>Save the document</source>
        <translation>Das Dokument speichern</translation>
    </message>
    <message>
        <source>For a label map use File &gt; Export</source>
        <translation>Für eine Labelkarte: Datei &gt; Exportieren</translation>
    </message>
    <message>
        <source>Saving {name}…</source>
        <translation>{name} wird gespeichert …</translation>
    </message>
    <message>
        <source>{name} is saved</source>
        <translation>{name} ist gespeichert</translation>
    </message>
    <message>
        <source>Export the label map as ids</source>
        <translation>Labelkarte als Nummern exportieren</translation>
    </message>
    <message>
        <source>Export the label map in colours</source>
        <translation>Labelkarte in Farben exportieren</translation>
    </message>
    <message>
        <source>Export the layers</source>
        <translation>Die Ebenen exportieren</translation>
    </message>
    <message>
        <source>OpenRaster (*.ora)</source>
        <translation>OpenRaster (*.ora)</translation>
    </message>
    <message>
        <source>Export for Photoshop</source>
        <translation>Für Photoshop exportieren</translation>
    </message>
    <message>
        <source>Photoshop (*.psd)</source>
        <translation>Photoshop (*.psd)</translation>
    </message>
    <message>
        <source>There is no picture yet</source>
        <translation>Es gibt noch kein Bild</translation>
    </message>
    <message>
        <source>It can be exported when the render of this layout is shown.</source>
        <translation>Es kann exportiert werden, sobald das Bild zu diesem Layout gezeigt wird.</translation>
    </message>
    <message>
        <source>Export with transparency</source>
        <translation>Mit Transparenz exportieren</translation>
    </message>
    <message>
        <source>Pictures (*.png)</source>
        <translation>Bilder (*.png)</translation>
    </message>
    <message>
        <source>{name} could not be restored</source>
        <translation>{name} konnte nicht wiederhergestellt werden</translation>
    </message>
    <message>
        <source>Opening {name}…</source>
        <translation>{name} wird geöffnet …</translation>
    </message>
    <message>
        <source>{layer}: {count} px</source>
        <translation>{layer}: {count} px</translation>
    </message>
    <message>
        <source>Only pixels in a label&apos;s exact colour become labels; what lies under the others was taken.</source>
        <translation>Nur Pixel in genau der Farbe eines Labels werden zu Labels; bei den anderen wurde genommen, was darunter liegt.</translation>
    </message>
    <message>
        <source>Some colours are no label&apos;s</source>
        <translation>Manche Farben gehören zu keinem Label</translation>
    </message>
    <message>
        <source>{name} is the document itself, which an export would replace</source>
        <translation>{name} ist das Dokument selbst, das ein Export ersetzen würde</translation>
    </message>
    <message>
        <source>another name</source>
        <translation>ein anderer Name</translation>
    </message>
    <message>
        <source>Nothing was changed</source>
        <translation>Es wurde nichts geändert</translation>
    </message>
    <message>
        <source>Exporting {name}…</source>
        <translation>{name} wird exportiert …</translation>
    </message>
    <message>
        <source>{name} is exported</source>
        <translation>{name} ist exportiert</translation>
    </message>
    <message>
        <source>{name} could not be saved</source>
        <translation>{name} konnte nicht gespeichert werden</translation>
    </message>
</context>
<context>
    <name>FileDrops</name>
    <message>
        <source>Looking at what was dropped…</source>
        <translation>Abgelegte Dateien werden angesehen …</translation>
    </message>
</context>
<context>
    <name>FilmPlan</name>
    <message>
        <source>fewer than two styles</source>
        <translation>weniger als zwei Stile</translation>
    </message>
    <message>
        <source>two or more, selected in the sheet of variations</source>
        <translation>zwei oder mehr, im Bogen der Varianten ausgewählt</translation>
    </message>
    <message>
        <source>that makes {:,} frames</source>
        <translation>das ergibt {:,} Einzelbilder</translation>
    </message>
    <message>
        <source>at most {:,}</source>
        <translation>höchstens {:,}</translation>
    </message>
</context>
<context>
    <name>GuideWindow</name>
    <message>
        <source>Guide - SPADE Studio</source>
        <translation>Anleitung - SPADE Studio</translation>
    </message>
    <message>
        <source>Find in the guide; Enter goes on</source>
        <translation>In der Anleitung suchen; Eingabe sucht weiter</translation>
    </message>
    <message>
        <source>Guide</source>
        <translation>Anleitung</translation>
    </message>
    <message>
        <source>guide_en.md</source>
        <translation>guide_de.md</translation>
    </message>
</context>
<context>
    <name>HistoryPanel</name>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Snapshots</source>
        <translation>Schnappschüsse</translation>
    </message>
    <message>
        <source>Find a snapshot</source>
        <translation>Einen Schnappschuss finden</translation>
    </message>
    <message>
        <source>Take</source>
        <translation>Aufnehmen</translation>
    </message>
    <message>
        <source>Take a snapshot</source>
        <translation>Schnappschuss aufnehmen</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>Zurückholen</translation>
    </message>
    <message>
        <source>Bring the selected state back; that can be undone</source>
        <translation>Den ausgewählten Stand zurückholen; das lässt sich rückgängig machen</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Forget the selected state (Del)</source>
        <translation>Den ausgewählten Stand vergessen (Entf)</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Anfang</translation>
    </message>
    <message numerus="yes">
        <source>%Ln earlier step(s) forgotten</source>
        <translation>
            <numerusform>%Ln früherer Schritt vergessen</numerusform>
            <numerusform>%Ln frühere Schritte vergessen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln step(s), {used:.1f} of {budget:.0f} MB</source>
        <translation>
            <numerusform>%Ln Schritt, {used:.1f} von {budget:.0f} MB</numerusform>
            <numerusform>%Ln Schritte, {used:.1f} von {budget:.0f} MB</numerusform>
        </translation>
    </message>
    <message>
        <source>Double-click or Return brings it back, F2 renames it</source>
        <translation>Doppelklick oder Eingabe holt ihn zurück, F2 benennt ihn um</translation>
    </message>
</context>
<context>
    <name>ImportDialog</name>
    <message>
        <source>Import {name}</source>
        <translation>{name} importieren</translation>
    </message>
    <message>
        <source>What will be imported</source>
        <translation>Was importiert wird</translation>
    </message>
    <message>
        <source>&amp;Read it as</source>
        <translation>&amp;Lesen als</translation>
    </message>
    <message>
        <source>Give &amp;unknown colours the label of the nearest colour</source>
        <translation>&amp;Unbekannten Farben das Label der nächsten Farbe geben</translation>
    </message>
    <message>
        <source>Not in the label set</source>
        <translation>Nicht im Labelsatz</translation>
    </message>
    <message>
        <source>Pixels</source>
        <translation>Pixel</translation>
    </message>
    <message>
        <source>Becomes</source>
        <translation>Wird zu</translation>
    </message>
    <message>
        <source>What the label set does not have</source>
        <translation>Was der Labelsatz nicht hat</translation>
    </message>
    <message>
        <source>This map fits several label sets, and the file does not say which one is meant. Choose it.</source>
        <translation>Diese Karte passt zu mehreren Labelsätzen, und die Datei sagt nicht, welcher gemeint ist. Bitte wählen.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>&amp;Import</source>
        <translation>&amp;Importieren</translation>
    </message>
    <message>
        <source>value {value}</source>
        <translation>Wert {value}</translation>
    </message>
    <message>
        <source>label ids of {name}</source>
        <translation>Labelnummern von {name}</translation>
    </message>
    <message>
        <source>colours of {name}, also GauGAN&apos;s</source>
        <translation>Farben von {name}, auch von GauGAN</translation>
    </message>
    <message>
        <source>colours of {name}</source>
        <translation>Farben von {name}</translation>
    </message>
    <message>
        <source>{kind} ({share} of the pixels)</source>
        <translation>{kind} ({share} der Pixel)</translation>
    </message>
    <message>
        <source>{name} has all of its colours.</source>
        <translation>{name} hat alle Farben.</translation>
    </message>
    <message>
        <source>{name} has all of its values.</source>
        <translation>{name} hat alle Werte.</translation>
    </message>
    <message>
        <source>{name}, which this window uses, has no {names}: {pixels}.</source>
        <translation>In {name}, das dieses Fenster verwendet, fehlt {names}: {pixels}.</translation>
    </message>
    <message>
        <source>All its labels have their like in {name}, which this window uses.</source>
        <translation>Alle Labels haben ihr Gegenstück in {name}, das dieses Fenster verwendet.</translation>
    </message>
    <message numerus="yes">
        <source>%Ln colour(s), {share} of the pixels, not in {name}.</source>
        <translation>
            <numerusform>%Ln Farbe, {share} der Pixel, nicht in {name}.</numerusform>
            <numerusform>%Ln Farben, {share} der Pixel, nicht in {name}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln pixel(s) become(s) unlabeled</source>
        <translation>
            <numerusform>%Ln Pixel verliert sein Label</numerusform>
            <numerusform>%Ln Pixel verlieren ihr Label</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln value(s), {share} of the pixels, not in {name}.</source>
        <translation>
            <numerusform>%Ln Wert, {share} der Pixel, nicht in {name}.</numerusform>
            <numerusform>%Ln Werte, {share} der Pixel, nicht in {name}.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{names} and %Ln more</source>
        <translation>
            <numerusform>{names} und %Ln weiteres</numerusform>
            <numerusform>{names} und %Ln weitere</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LabelTreePanel</name>
    <message>
        <source>Find a label</source>
        <translation>Label suchen</translation>
    </message>
    <message>
        <source>All labels by group</source>
        <translation>Alle Labels nach Gruppen</translation>
    </message>
    <message>
        <source>No label of this set matches.</source>
        <translation>Kein Label dieses Satzes passt.</translation>
    </message>
    <message>
        <source>Other labels</source>
        <translation>Weitere Labels</translation>
    </message>
</context>
<context>
    <name>LayersPanel</name>
    <message>
        <source>Compare with the render</source>
        <translation>Mit dem Bild vergleichen</translation>
    </message>
    <message>
        <source>Render over the layout</source>
        <translation>Bild über dem Layout</translation>
    </message>
    <message>
        <source>Opacity of the render</source>
        <translation>Deckkraft des Bildes</translation>
    </message>
    <message>
        <source>Hold V over the canvas to see the render alone.</source>
        <translation>V über der Leinwand halten zeigt nur das Bild.</translation>
    </message>
    <message>
        <source>Photo under the labels</source>
        <translation>Foto unter den Labels</translation>
    </message>
    <message>
        <source>Show it</source>
        <translation>Zeigen</translation>
    </message>
    <message>
        <source>How much the photo shows through</source>
        <translation>Wie stark das Foto durchscheint</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>Anzeige</translation>
    </message>
</context>
<context>
    <name>Main</name>
    <message>
        <source>SPADE Studio could not start</source>
        <translation>SPADE Studio konnte nicht starten</translation>
    </message>
    <message>
        <source>A report was saved on this computer: {path}</source>
        <translation>Ein Bericht wurde auf diesem Rechner gespeichert: {path}</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Loading the weights…</source>
        <translation>Die Gewichte werden geladen…</translation>
    </message>
    <message>
        <source>Labels and style</source>
        <translation>Labels und Stil</translation>
    </message>
    <message>
        <source>&amp;Appearance</source>
        <translation>&amp;Aussehen</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Select</source>
        <translation>Aus&amp;wahl</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Paint</source>
        <translation>&amp;Malen</translation>
    </message>
    <message>
        <source>&amp;Render</source>
        <translation>&amp;Rendern</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>Werkzeuge</translation>
    </message>
    <message>
        <source>&amp;Undo {step}</source>
        <translation>&amp;Rückgängig: {step}</translation>
    </message>
    <message>
        <source>&amp;Redo {step}</source>
        <translation>&amp;Wiederholen: {step}</translation>
    </message>
    <message>
        <source>{name}[*] - SPADE Studio</source>
        <translation>{name}[*] - SPADE Studio</translation>
    </message>
    <message>
        <source>Rendering…</source>
        <translation>Wird gerendert…</translation>
    </message>
</context>
<context>
    <name>Manifest</name>
    <message>
        <source>{} cannot be read</source>
        <translation>{} kann nicht gelesen werden</translation>
    </message>
</context>
<context>
    <name>Messages</name>
    <message>
        <source>Expected: {expected}</source>
        <translation>Erwartet: {expected}</translation>
    </message>
    <message>
        <source>Save the changes to {name}?</source>
        <translation>Die Änderungen an {name} speichern?</translation>
    </message>
    <message>
        <source>They are lost otherwise.</source>
        <translation>Sonst gehen sie verloren.</translation>
    </message>
    <message>
        <source>{name} exists already. Replace it?</source>
        <translation>{name} gibt es schon. Ersetzen?</translation>
    </message>
    <message>
        <source>What it holds is lost then.</source>
        <translation>Der bisherige Inhalt geht dann verloren.</translation>
    </message>
    <message>
        <source>&amp;Replace</source>
        <translation>&amp;Ersetzen</translation>
    </message>
</context>
<context>
    <name>MixBox</name>
    <message>
        <source>Click to put the style in use at this end, or drop a style here</source>
        <translation>Klicken, um den verwendeten Stil an dieses Ende zu setzen, oder einen Stil hier ablegen</translation>
    </message>
    <message>
        <source>First style of the mix</source>
        <translation>Erster Stil der Mischung</translation>
    </message>
    <message>
        <source>Second style of the mix</source>
        <translation>Zweiter Stil der Mischung</translation>
    </message>
    <message>
        <source>Share of the second style in the mix</source>
        <translation>Anteil des zweiten Stils an der Mischung</translation>
    </message>
    <message>
        <source>Mix of the styles A and B</source>
        <translation>Mischung der Stile A und B</translation>
    </message>
</context>
<context>
    <name>MyDrawing</name>
    <message>
        <source>Nothing can be written in {folder}: {reason}.</source>
        <translation>In {folder} kann nichts geschrieben werden: {reason}.</translation>
    </message>
    <message>
        <source>no run to draw for</source>
        <translation>kein Lauf, für den gezeichnet wird</translation>
    </message>
    <message>
        <source>the trainer has removed the checkpoint of step {step:,} meanwhile</source>
        <translation>der Trainer hat den Checkpoint von Schritt {step:,} inzwischen entfernt</translation>
    </message>
    <message>
        <source>Choose another one</source>
        <translation>Wählen Sie einen anderen</translation>
    </message>
    <message>
        <source>The export ended and said nothing.</source>
        <translation>Der Export endete, ohne etwas zu sagen.</translation>
    </message>
    <message>
        <source>The rendering ended and said nothing.</source>
        <translation>Das Rendern endete, ohne etwas zu sagen.</translation>
    </message>
</context>
<context>
    <name>NamePattern</name>
    <message>
        <source>the brackets do not match</source>
        <translation>die Klammern passen nicht zusammen</translation>
    </message>
    <message>
        <source>fields such as {layout} or {seed:06}</source>
        <translation>Felder wie {layout} oder {seed:06}</translation>
    </message>
    <message>
        <source>a name cannot hold {}</source>
        <translation>ein Name kann {} nicht enthalten</translation>
    </message>
    <message>
        <source>names of files, not of folders</source>
        <translation>Namen von Dateien, nicht von Ordnern</translation>
    </message>
    <message>
        <source>there is no field {}</source>
        <translation>ein Feld {} gibt es nicht</translation>
    </message>
    <message>
        <source>{} cannot be written as {!r}</source>
        <translation>{} kann nicht als {!r} geschrieben werden</translation>
    </message>
    <message>
        <source>a number of digits, as in {index:04}</source>
        <translation>eine Zahl von Ziffern wie in {index:04}</translation>
    </message>
    <message>
        <source>{!r} is no name for a file</source>
        <translation>{!r} ist kein Name für eine Datei</translation>
    </message>
    <message>
        <source>one that neither begins nor ends with a dot or a space</source>
        <translation>einer, der weder mit Punkt noch mit Leerzeichen beginnt oder endet</translation>
    </message>
    <message>
        <source>{!r} is a name that Windows keeps for itself</source>
        <translation>{!r} ist ein Name, den Windows sich vorbehält</translation>
    </message>
    <message>
        <source>another name</source>
        <translation>ein anderer Name</translation>
    </message>
    <message>
        <source>the name {}… is too long</source>
        <translation>der Name {}… ist zu lang</translation>
    </message>
    <message>
        <source>at most {} bytes</source>
        <translation>höchstens {} Bytes</translation>
    </message>
    <message>
        <source>{!r} cannot be printed</source>
        <translation>{!r} kann nicht dargestellt werden</translation>
    </message>
    <message>
        <source>a name of letters, numbers and signs</source>
        <translation>ein Name aus Buchstaben, Ziffern und Zeichen</translation>
    </message>
</context>
<context>
    <name>NearestHint</name>
    <message>
        <source>Hide this message</source>
        <translation>Diese Meldung verbergen</translation>
    </message>
</context>
<context>
    <name>NewDialog</name>
    <message>
        <source>New layout</source>
        <translation>Neues Layout</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>Anlegen</translation>
    </message>
    <message>
        <source>Sky over land</source>
        <translation>Himmel und Land</translation>
    </message>
    <message>
        <source>Hills</source>
        <translation>Berge</translation>
    </message>
    <message>
        <source>Lake</source>
        <translation>See</translation>
    </message>
    <message>
        <source>Sea</source>
        <translation>Meer</translation>
    </message>
    <message>
        <source>Empty</source>
        <translation>Leer</translation>
    </message>
    <message>
        <source>Begin with</source>
        <translation>Beginnen mit</translation>
    </message>
    <message>
        <source>&amp;Begin with</source>
        <translation>&amp;Beginnen mit</translation>
    </message>
    <message>
        <source>{name} (known to these weights)</source>
        <translation>{name} (diesen Gewichten bekannt)</translation>
    </message>
    <message>
        <source>Label set</source>
        <translation>Labelsatz</translation>
    </message>
    <message>
        <source>Which labels it can be painted with; it can be changed later</source>
        <translation>Mit welchen Labels gemalt wird; später änderbar</translation>
    </message>
    <message>
        <source>&amp;Labels</source>
        <translation>&amp;Labels</translation>
    </message>
</context>
<context>
    <name>NewRunPage</name>
    <message>
        <source>Preset</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>named like the preset</source>
        <translation>heißt wie die Vorlage</translation>
    </message>
    <message>
        <source>Name of the run</source>
        <translation>Name des Laufs</translation>
    </message>
    <message>
        <source>Show a&amp;ll settings</source>
        <translation>A&amp;lle Einstellungen zeigen</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Bericht</translation>
    </message>
    <message>
        <source>Check data reads all pictures and says what is wrong.

Estimate tells steps, memory and time.</source>
        <translation>„Daten prüfen“ liest alle Bilder und sagt, was nicht stimmt.

„Schätzen“ nennt Schritte, Speicher und Zeit.</translation>
    </message>
    <message>
        <source>Chec&amp;k data</source>
        <translation>Daten &amp;prüfen</translation>
    </message>
    <message>
        <source>&amp;Estimate</source>
        <translation>S&amp;chätzen</translation>
    </message>
    <message>
        <source>What is wrong</source>
        <translation>Was nicht stimmt</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Start training</source>
        <translation>Training &amp;starten</translation>
    </message>
    <message>
        <source>&amp;Preset</source>
        <translation>&amp;Vorlage</translation>
    </message>
    <message>
        <source>N&amp;ame</source>
        <translation>N&amp;ame</translation>
    </message>
    <message>
        <source>Reading all pictures…</source>
        <translation>Alle Bilder werden gelesen…</translation>
    </message>
    <message>
        <source>Cancel chec&amp;k</source>
        <translation>&amp;Prüfen abbrechen</translation>
    </message>
    <message>
        <source>The check ended with code {code} and said nothing.</source>
        <translation>Die Prüfung endete mit Code {code}, ohne etwas zu sagen.</translation>
    </message>
    <message>
        <source>Building the networks…</source>
        <translation>Die Netze werden gebaut…</translation>
    </message>
    <message>
        <source>Cancel &amp;estimate</source>
        <translation>S&amp;chätzen abbrechen</translation>
    </message>
    <message>
        <source>The estimate ended with code {code} and said nothing.</source>
        <translation>Die Schätzung endete mit Code {code}, ohne etwas zu sagen.</translation>
    </message>
    <message>
        <source>Time:          about {time_words}, at the {pace:.1f} images/s of a run like it</source>
        <translation>Zeit:          etwa {time_words}, bei {pace:.1f} Bildern/s wie bei einem ähnlichen Lauf</translation>
    </message>
    <message>
        <source>The run could not be made</source>
        <translation>Der Lauf konnte nicht angelegt werden</translation>
    </message>
</context>
<context>
    <name>Nib</name>
    <message>
        <source>Round</source>
        <translation>Rund</translation>
    </message>
    <message>
        <source>Square</source>
        <translation>Quadrat</translation>
    </message>
    <message>
        <source>Trees</source>
        <translation>Bäume</translation>
    </message>
    <message>
        <source>Rock</source>
        <translation>Fels</translation>
    </message>
    <message>
        <source>Cloud</source>
        <translation>Wolke</translation>
    </message>
    <message>
        <source>Grass</source>
        <translation>Gras</translation>
    </message>
</context>
<context>
    <name>NoticeBar</name>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>Numbers</name>
    <message>
        <source>{number}%</source>
        <translation>{number} %</translation>
    </message>
</context>
<context>
    <name>OpenButtons</name>
    <message>
        <source>Open &amp;file…</source>
        <translation>&amp;Datei öffnen…</translation>
    </message>
    <message>
        <source>Open a bundle (.safetensors) or a .pth file</source>
        <translation>Ein Bündel (.safetensors) oder eine .pth-Datei öffnen</translation>
    </message>
    <message>
        <source>Open f&amp;older…</source>
        <translation>&amp;Ordner öffnen…</translation>
    </message>
    <message>
        <source>Open a folder of the published code: latest_net_G.pth with its opt.txt</source>
        <translation>Einen Ordner des veröffentlichten Codes öffnen: latest_net_G.pth mit seiner opt.txt</translation>
    </message>
    <message>
        <source>Where is {name} now?</source>
        <translation>Wo ist {name} jetzt?</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Weights (*.safetensors *.pth *.pt *.ckpt);;All files (*)</source>
        <translation>Gewichte (*.safetensors *.pth *.pt *.ckpt);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Open weights</source>
        <translation>Gewichte öffnen</translation>
    </message>
    <message>
        <source>Open a folder with latest_net_G.pth</source>
        <translation>Einen Ordner mit latest_net_G.pth öffnen</translation>
    </message>
</context>
<context>
    <name>OriginMenu</name>
    <message numerus="yes">
        <source>%Ln more</source>
        <translation>
            <numerusform>%Ln weiteres</numerusform>
            <numerusform>%Ln weitere</numerusform>
        </translation>
    </message>
    <message>
        <source>Source: {text}</source>
        <translation>Quelle: {text}</translation>
    </message>
    <message>
        <source>Licence: {text}</source>
        <translation>Lizenz: {text}</translation>
    </message>
    <message>
        <source>Copy the list</source>
        <translation>Liste kopieren</translation>
    </message>
    <message>
        <source>{share} %  ·  {photograph}</source>
        <translation>{share} %  ·  {photograph}</translation>
    </message>
</context>
<context>
    <name>OwnUpscaler</name>
    <message>
        <source>&amp;Upscaler from a file…</source>
        <translation>&amp;Hochskalierer aus einer Datei…</translation>
    </message>
    <message>
        <source>Use the &amp;included upscaler</source>
        <translation>Den &amp;mitgelieferten nehmen</translation>
    </message>
    <message>
        <source>Upscalers of the ESRGAN family (*.safetensors *.pth)</source>
        <translation>Hochskalierer der ESRGAN-Familie (*.safetensors *.pth)</translation>
    </message>
    <message>
        <source>Upscaler</source>
        <translation>Hochskalierer</translation>
    </message>
    <message>
        <source>{name} cannot be used as an upscaler</source>
        <translation>{name} lässt sich nicht zum Hochskalieren nehmen</translation>
    </message>
</context>
<context>
    <name>Pace</name>
    <message>
        <source>{:.1f} a second</source>
        <translation>{:.1f} je Sekunde</translation>
    </message>
    <message>
        <source>{:.0f} s each</source>
        <translation>je {:.0f} s</translation>
    </message>
    <message>
        <source>{} · {} · about {} left</source>
        <translation>{} · {} · noch etwa {}</translation>
    </message>
    <message>
        <source>{} s</source>
        <translation>{} s</translation>
    </message>
    <message>
        <source>{} min</source>
        <translation>{} min</translation>
    </message>
    <message>
        <source>{} h {} min</source>
        <translation>{} h {} min</translation>
    </message>
</context>
<context>
    <name>PaletteController</name>
    <message>
        <source>All labels</source>
        <translation>Alle Labels</translation>
    </message>
    <message>
        <source>La&amp;bel set</source>
        <translation>La&amp;belsatz</translation>
    </message>
    <message>
        <source>All labels panel</source>
        <translation>Bereich „Alle Labels“</translation>
    </message>
    <message>
        <source>Show all labels of the set by group (F12)</source>
        <translation>Alle Labels des Satzes nach Gruppen zeigen (F12)</translation>
    </message>
    <message>
        <source>These weights use the labels of {weights}: the layout stays in {own} and is carried over for them by name.</source>
        <translation>Diese Gewichte verwenden die Labels von {weights}: Das Layout bleibt in {own} und wird für sie nach Namen übertragen.</translation>
    </message>
    <message>
        <source>{name} (known to these weights)</source>
        <translation>{name} (diesen Gewichten bekannt)</translation>
    </message>
    <message>
        <source>label set</source>
        <translation>Labelsatz</translation>
    </message>
    <message>
        <source>The layout now uses the labels of {name}.</source>
        <translation>Das Layout verwendet nun die Labels von {name}.</translation>
    </message>
    <message>
        <source>&amp;Paint with it</source>
        <translation>Damit &amp;malen</translation>
    </message>
    <message>
        <source>&amp;Use {name} instead</source>
        <translation>Stattdessen {name} &amp;verwenden</translation>
    </message>
    <message>
        <source>&amp;Find on the canvas</source>
        <translation>Auf der &amp;Leinwand zeigen</translation>
    </message>
    <message>
        <source>&amp;Replace in the layout by…</source>
        <translation>Im Layout &amp;ersetzen durch…</translation>
    </message>
    <message>
        <source>New te&amp;xture</source>
        <translation>Neue Te&amp;xtur</translation>
    </message>
    <message>
        <source>F&amp;avourite</source>
        <translation>F&amp;avorit</translation>
    </message>
    <message>
        <source>Pr&amp;otect from painting over</source>
        <translation>Vor Übermalen s&amp;chützen</translation>
    </message>
    <message>
        <source>{name} is nowhere in the layout</source>
        <translation>{name} kommt im Layout nicht vor</translation>
    </message>
    <message numerus="yes">
        <source>{name}: {share} of the layout, %Ln region(s)</source>
        <translation>
            <numerusform>{name}: {share} des Layouts, %Ln Fläche</numerusform>
            <numerusform>{name}: {share} des Layouts, %Ln Flächen</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PalettePanel</name>
    <message>
        <source>Find a label</source>
        <translation>Label suchen</translation>
    </message>
    <message>
        <source>Find a label of the whole set by its name, group or another word for it (Ctrl+F)</source>
        <translation>Ein Label des ganzen Satzes nach Name, Gruppe oder einem anderen Wort suchen (Strg+F)</translation>
    </message>
    <message>
        <source>Which labels are shown</source>
        <translation>Welche Labels gezeigt werden</translation>
    </message>
    <message>
        <source>Show what these weights know, all labels, or one group</source>
        <translation>Zeigen, was diese Gewichte kennen, alle Labels oder eine Gruppe</translation>
    </message>
    <message>
        <source>Label set</source>
        <translation>Labelsatz</translation>
    </message>
    <message>
        <source>The label set of this document; another one is taken over by name</source>
        <translation>Der Labelsatz dieses Dokuments; ein anderer wird nach Namen übernommen</translation>
    </message>
    <message>
        <source>All labels in a panel of their own</source>
        <translation>Alle Labels in einem eigenen Bereich</translation>
    </message>
    <message>
        <source>No label of this set matches.</source>
        <translation>Kein Label dieses Satzes passt.</translation>
    </message>
    <message>
        <source>No favourites yet: a label becomes one by its menu (right click) or with the key F.</source>
        <translation>Noch keine Favoriten: Ein Label wird einer über sein Menü (Rechtsklick) oder mit der Taste F.</translation>
    </message>
    <message>
        <source>These weights know no label of this set by name. Choose all labels, or another label set.</source>
        <translation>Diese Gewichte kennen kein Label dieses Satzes dem Namen nach. Alle Labels wählen, oder einen anderen Labelsatz.</translation>
    </message>
    <message>
        <source>There are no labels here yet.</source>
        <translation>Hier gibt es noch keine Labels.</translation>
    </message>
    <message>
        <source>Not known to these weights</source>
        <translation>Diesen Gewichten unbekannt</translation>
    </message>
    <message>
        <source>Nearest that they know: {name}</source>
        <translation>Das nächste, das sie kennen: {name}</translation>
    </message>
    <message>
        <source>Favourite</source>
        <translation>Favorit</translation>
    </message>
    <message>
        <source>Protected from painting over</source>
        <translation>Vor Übermalen geschützt</translation>
    </message>
    <message>
        <source>{name}, id {number}</source>
        <translation>{name}, Nummer {number}</translation>
    </message>
    <message>
        <source>These weights do not know {name}: it renders as unlabeled.</source>
        <translation>Diese Gewichte kennen {name} nicht: Es wird wie ohne Label gerendert.</translation>
    </message>
    <message>
        <source>Use {name} instead</source>
        <translation>Stattdessen {name} verwenden</translation>
    </message>
    <message>
        <source>These weights</source>
        <translation>Diese Gewichte</translation>
    </message>
    <message>
        <source>Common labels</source>
        <translation>Gängige Labels</translation>
    </message>
    <message>
        <source>All labels</source>
        <translation>Alle Labels</translation>
    </message>
    <message>
        <source>Favourites</source>
        <translation>Favoriten</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>Zuletzt verwendet</translation>
    </message>
</context>
<context>
    <name>PartsPage</name>
    <message>
        <source>Packages</source>
        <translation>Pakete</translation>
    </message>
    <message>
        <source>Package</source>
        <translation>Paket</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source>Text of the licence</source>
        <translation>Text der Lizenz</translation>
    </message>
    <message>
        <source>{name} comes without a text. Its licence: {licence}.</source>
        <translation>{name} kommt ohne einen Text. Die Lizenz: {licence}.</translation>
    </message>
</context>
<context>
    <name>PhotoTarget</name>
    <message>
        <source>Dropped</source>
        <translation>Abgelegt</translation>
    </message>
</context>
<context>
    <name>PictureDialog</name>
    <message>
        <source>The picture needs a name.</source>
        <translation>Das Bild braucht einen Namen.</translation>
    </message>
    <message>
        <source>A name cannot hold {letter}</source>
        <translation>Ein Name darf {letter} nicht enthalten</translation>
    </message>
    <message>
        <source>This is too long for a name, or cannot be printed.</source>
        <translation>Das ist zu lang für einen Namen oder nicht darstellbar.</translation>
    </message>
    <message>
        <source>Export picture</source>
        <translation>Bild exportieren</translation>
    </message>
    <message>
        <source>Choose the folder</source>
        <translation>Den Ordner wählen</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>Qualität</translation>
    </message>
    <message>
        <source>As shown: {size}</source>
        <translation>Wie gezeigt: {size}</translation>
    </message>
    <message>
        <source>Other</source>
        <translation>Andere</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>Breite</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>Höhe</translation>
    </message>
    <message>
        <source> px</source>
        <translation> px</translation>
    </message>
    <message>
        <source>&amp;Keep the shape</source>
        <translation>Seitenverhältnis &amp;behalten</translation>
    </message>
    <message>
        <source>Stretch the picture</source>
        <translation>Das Bild dehnen</translation>
    </message>
    <message>
        <source>Crop the picture</source>
        <translation>Das Bild beschneiden</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>Fast</source>
        <translation>Schnell</translation>
    </message>
    <message>
        <source>Full, takes longest</source>
        <translation>Voll, braucht am längsten</translation>
    </message>
    <message>
        <source>How what is finer than the weights&apos; own picture is made; automatic is full above 256 pixels</source>
        <translation>Wie entsteht, was feiner ist als das Bild der Gewichte; automatisch ist über 256 Pixeln voll</translation>
    </message>
    <message>
        <source>Keep &amp;layout and style in the file</source>
        <translation>&amp;Layout und Stil in der Datei behalten</translation>
    </message>
    <message>
        <source>The picture can be opened here again, to paint on</source>
        <translation>Das Bild lässt sich hier wieder öffnen, um weiterzumalen</translation>
    </message>
    <message>
        <source>Full detail differs from what the window shows now; Render &gt; Detail &gt; Full shows it there.</source>
        <translation>Volle Details unterscheiden sich vom jetzigen Bild im Fenster; Rendern &gt; Detail &gt; Voll zeigt sie dort.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>&amp;Export</source>
        <translation>&amp;Exportieren</translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation>&amp;Name</translation>
    </message>
    <message>
        <source>&amp;Folder</source>
        <translation>O&amp;rdner</translation>
    </message>
    <message>
        <source>For&amp;mat</source>
        <translation>For&amp;mat</translation>
    </message>
    <message>
        <source>&amp;Quality</source>
        <translation>&amp;Qualität</translation>
    </message>
    <message>
        <source>Picture &amp;size</source>
        <translation>Bild&amp;größe</translation>
    </message>
    <message>
        <source>Fi&amp;t</source>
        <translation>Ein&amp;passen</translation>
    </message>
    <message>
        <source>&amp;Detail</source>
        <translation>&amp;Detail</translation>
    </message>
    <message>
        <source>There is no such folder.</source>
        <translation>Diesen Ordner gibt es nicht.</translation>
    </message>
    <message>
        <source>Folder for the picture</source>
        <translation>Ordner für das Bild</translation>
    </message>
</context>
<context>
    <name>PictureRestorer</name>
    <message>
        <source>Opening {}…</source>
        <translation>{} wird geöffnet …</translation>
    </message>
    <message>
        <source>{} could not be opened</source>
        <translation>{} konnte nicht geöffnet werden</translation>
    </message>
    <message>
        <source>{} comes out otherwise now</source>
        <translation>{} fällt nun anders aus</translation>
    </message>
</context>
<context>
    <name>PictureTimeline</name>
    <message>
        <source>{name}: time</source>
        <translation>{name}: Zeit</translation>
    </message>
    <message>
        <source>Earlier and later pictures; at the right end new ones are shown as they come</source>
        <translation>Frühere und spätere Bilder; am rechten Ende erscheinen neue, sobald sie kommen</translation>
    </message>
    <message>
        <source>Step 00,000,000 (000 of 000)</source>
        <translation>Schritt 00,000,000 (000 von 000)</translation>
    </message>
    <message>
        <source>{name} cannot be shown: {errorString}</source>
        <translation>{name} kann nicht gezeigt werden: {errorString}</translation>
    </message>
</context>
<context>
    <name>PictureView</name>
    <message>
        <source>Render</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>The wheel zooms, 1 shows every pixel, 0 all of the picture; drag it into other programs.</source>
        <translation>Das Rad vergrößert, 1 zeigt jeden Bildpunkt, 0 das ganze Bild; ziehen Sie es in andere Programme.</translation>
    </message>
    <message>
        <source>preview, {size} follows</source>
        <translation>Vorschau, {size} folgt</translation>
    </message>
    <message>
        <source>preview</source>
        <translation>Vorschau</translation>
    </message>
</context>
<context>
    <name>PreferencesDialog</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>Like the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Autosave after</source>
        <translation>Sicherung nach</translation>
    </message>
    <message>
        <source> s</source>
        <translation> s</translation>
    </message>
    <message>
        <source>Recent files</source>
        <translation>Zuletzt geöffnete Dateien</translation>
    </message>
    <message>
        <source>Undo memory</source>
        <translation>Speicher für Rückgängig</translation>
    </message>
    <message>
        <source> MB</source>
        <translation> MB</translation>
    </message>
    <message>
        <source>Folder of runs</source>
        <translation>Ordner der Läufe</translation>
    </message>
    <message>
        <source>C&amp;hoose…</source>
        <translation>&amp;Wählen…</translation>
    </message>
    <message>
        <source>Choose the folder in which runs are made and listed</source>
        <translation>Den Ordner wählen, in dem Läufe angelegt und aufgelistet werden</translation>
    </message>
    <message>
        <source>Look for a newer version at each &amp;start</source>
        <translation>Bei jedem &amp;Start nach einer neueren Version sehen</translation>
    </message>
    <message>
        <source>Address of the file of versions</source>
        <translation>Adresse der Datei mit den Versionen</translation>
    </message>
    <message>
        <source>&amp;General</source>
        <translation>All&amp;gemein</translation>
    </message>
    <message>
        <source>Appeara&amp;nce</source>
        <translation>A&amp;ussehen</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>S&amp;prache</translation>
    </message>
    <message>
        <source>Another language is used from the next start on.</source>
        <translation>Eine andere Sprache gilt ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>Autosave a&amp;fter</source>
        <translation>&amp;Sicherung nach</translation>
    </message>
    <message>
        <source>Changes are kept aside in case of a crash; your file is not touched.</source>
        <translation>Für den Fall eines Absturzes; Ihre Datei bleibt unberührt.</translation>
    </message>
    <message>
        <source>&amp;Recent files</source>
        <translation>&amp;Zuletzt geöffnete Dateien</translation>
    </message>
    <message>
        <source>&amp;Painting</source>
        <translation>&amp;Malen</translation>
    </message>
    <message>
        <source>&amp;Undo memory</source>
        <translation>Speicher für &amp;Rückgängig</translation>
    </message>
    <message>
        <source>When it is full the oldest steps can no longer be undone.</source>
        <translation>Ist er voll, lassen sich die ältesten Schritte nicht mehr zurücknehmen.</translation>
    </message>
    <message>
        <source>R&amp;endering</source>
        <translation>R&amp;endern</translation>
    </message>
    <message>
        <source>The menu Render and the status line offer the same.</source>
        <translation>Das Menü Rendern und die Statuszeile bieten dasselbe.</translation>
    </message>
    <message>
        <source>&amp;Training</source>
        <translation>&amp;Training</translation>
    </message>
    <message>
        <source>&amp;Folder of runs</source>
        <translation>&amp;Ordner der Läufe</translation>
    </message>
    <message>
        <source>Runs that are elsewhere stay where they are.</source>
        <translation>Läufe an anderen Orten bleiben, wo sie sind.</translation>
    </message>
    <message>
        <source>&amp;Updates</source>
        <translation>&amp;Aktualisierungen</translation>
    </message>
    <message>
        <source>A&amp;ddress</source>
        <translation>A&amp;dresse</translation>
    </message>
    <message>
        <source>Only this file is read; nothing about you is sent.</source>
        <translation>Nur diese Datei wird gelesen; nichts über Sie wird gesendet.</translation>
    </message>
</context>
<context>
    <name>QuestionsForm</name>
    <message>
        <source>What the file does not tell</source>
        <translation>Was die Datei nicht sagt</translation>
    </message>
    <message>
        <source>&amp;Upsampling</source>
        <translation>&amp;Vergrößerungsstufen</translation>
    </message>
    <message>
        <source>How often the generator doubles the picture&apos;s size: num_upsampling_layers in the training&apos;s opt.txt.</source>
        <translation>Wie oft der Generator die Bildgröße verdoppelt: num_upsampling_layers in der opt.txt des Trainings.</translation>
    </message>
    <message>
        <source>&amp;Width of the training pictures</source>
        <translation>&amp;Breite der Trainingsbilder</translation>
    </message>
    <message>
        <source>crop_size in opt.txt. It decides at which size pictures are rendered unless you choose another.</source>
        <translation>crop_size in opt.txt. Danach richtet sich die Größe der Bilder, solange Sie keine andere wählen.</translation>
    </message>
    <message>
        <source>Asp&amp;ect of the training pictures</source>
        <translation>&amp;Seitenverhältnis der Trainingsbilder</translation>
    </message>
    <message>
        <source>aspect_ratio in opt.txt: width divided by height.</source>
        <translation>aspect_ratio in opt.txt: Breite geteilt durch Höhe.</translation>
    </message>
    <message>
        <source>&amp;Labels</source>
        <translation>&amp;Labels</translation>
    </message>
    <message>
        <source>What the label channels mean, in the order of the set. Only sets with a fitting number of labels are listed.</source>
        <translation>Was die Labelkanäle bedeuten, in der Reihenfolge des Satzes. Nur Sätze mit passender Zahl von Labels sind aufgeführt.</translation>
    </message>
    <message>
        <source>Channel for un&amp;labeled pixels</source>
        <translation>&amp;Kanal für Pixel ohne Label</translation>
    </message>
    <message>
        <source>Before or after the labels. If pictures look as if all labels were mixed up, try the other one.</source>
        <translation>Vor oder nach den Labels. Sehen Bilder aus, als wären alle Labels vertauscht, das andere versuchen.</translation>
    </message>
    <message>
        <source>normal: sides in steps of 32 pixels, the usual one</source>
        <translation>normal: Seiten in Schritten von 32 Pixeln, das übliche</translation>
    </message>
    <message>
        <source>more: steps of 64 pixels, as in the published Cityscapes weights</source>
        <translation>more: Schritte von 64 Pixeln, wie bei den veröffentlichten Cityscapes-Gewichten</translation>
    </message>
    <message>
        <source>most: steps of 128 pixels, with a block more</source>
        <translation>most: Schritte von 128 Pixeln, mit einem Block mehr</translation>
    </message>
    <message>
        <source>{width} pixels</source>
        <translation>{width} Pixel</translation>
    </message>
    <message>
        <source>1: square</source>
        <translation>1: quadratisch</translation>
    </message>
    <message>
        <source>2: twice as wide as high</source>
        <translation>2: doppelt so breit wie hoch</translation>
    </message>
    <message>
        <source>From a file…</source>
        <translation>Aus einer Datei…</translation>
    </message>
    <message>
        <source>As the file tells, else numbers</source>
        <translation>Wie die Datei sagt, sonst Nummern</translation>
    </message>
    <message numerus="yes">
        <source>{name}, %Ln label(s)</source>
        <translation>
            <numerusform>{name}, %Ln Label</numerusform>
            <numerusform>{name}, %Ln Labels</numerusform>
        </translation>
    </message>
    <message>
        <source>As usual for these labels</source>
        <translation>Wie bei diesen Labels üblich</translation>
    </message>
    <message>
        <source>Before the labels</source>
        <translation>Vor den Labels</translation>
    </message>
    <message>
        <source>After the labels</source>
        <translation>Nach den Labels</translation>
    </message>
    <message>
        <source>Please choose</source>
        <translation>Bitte wählen</translation>
    </message>
    <message>
        <source>Label set</source>
        <translation>Labelsatz</translation>
    </message>
    <message>
        <source>Label sets (*.json)</source>
        <translation>Labelsätze (*.json)</translation>
    </message>
    <message>
        <source>The label set cannot be used</source>
        <translation>Der Labelsatz kann nicht verwendet werden</translation>
    </message>
</context>
<context>
    <name>RecentButton</name>
    <message>
        <source>Recent label {number}: {name}</source>
        <translation>Letztes Label {number}: {name}</translation>
    </message>
</context>
<context>
    <name>RecentMenu</name>
    <message>
        <source>Open &amp;recent</source>
        <translation>&amp;Zuletzt geöffnet</translation>
    </message>
    <message>
        <source>&amp;Clear this list</source>
        <translation>Diese Liste &amp;leeren</translation>
    </message>
</context>
<context>
    <name>RecoveryDialog</name>
    <message>
        <source>Unsaved drawings</source>
        <translation>Ungespeicherte Zeichnungen</translation>
    </message>
    <message>
        <source>SPADE Studio was not closed properly</source>
        <translation>SPADE Studio wurde nicht ordentlich beendet</translation>
    </message>
    <message>
        <source>This drawing was not saved then.</source>
        <translation>Diese Zeichnung war nicht gespeichert.</translation>
    </message>
    <message>
        <source>These drawings were not saved then.</source>
        <translation>Diese Zeichnungen waren nicht gespeichert.</translation>
    </message>
    <message>
        <source>Restoring opens a drawing with its changes still to be saved; its file is not touched.</source>
        <translation>Wiederherstellen öffnet eine Zeichnung mit ihren noch ungespeicherten Änderungen; ihre Datei bleibt unberührt.</translation>
    </message>
    <message>
        <source>&amp;Later</source>
        <translation>&amp;Später</translation>
    </message>
    <message>
        <source>Keep it and ask again at the next start</source>
        <translation>Behalten und beim nächsten Start wieder fragen</translation>
    </message>
    <message>
        <source>&amp;Discard</source>
        <translation>&amp;Verwerfen</translation>
    </message>
    <message>
        <source>Delete the selected drawing for good</source>
        <translation>Die ausgewählte Zeichnung endgültig löschen</translation>
    </message>
    <message>
        <source>&amp;Restore</source>
        <translation>&amp;Wiederherstellen</translation>
    </message>
    <message>
        <source>from {origin}</source>
        <translation>aus {origin}</translation>
    </message>
    <message>
        <source>never saved to a file</source>
        <translation>nie in eine Datei gespeichert</translation>
    </message>
</context>
<context>
    <name>RenderMenus</name>
    <message>
        <source>&amp;Size of the picture</source>
        <translation>&amp;Größe des Bildes</translation>
    </message>
    <message>
        <source>De&amp;tail</source>
        <translation>De&amp;tail</translation>
    </message>
    <message>
        <source>&amp;Device</source>
        <translation>Ge&amp;rät</translation>
    </message>
    <message>
        <source>Compute &amp;type</source>
        <translation>Rechen&amp;art</translation>
    </message>
    <message>
        <source>&amp;Other size: {size}…</source>
        <translation>&amp;Andere Größe: {size}…</translation>
    </message>
    <message>
        <source>&amp;Other size…</source>
        <translation>&amp;Andere Größe…</translation>
    </message>
    <message>
        <source>F&amp;ull, with {name}</source>
        <translation>&amp;Voll, mit {name}</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>Prozessor</translation>
    </message>
    <message>
        <source>Apple GPU (mps)</source>
        <translation>Apple-GPU (mps)</translation>
    </message>
    <message>
        <source>{pixels} pixels</source>
        <translation>{pixels} Pixel</translation>
    </message>
    <message>
        <source>As the &amp;layout</source>
        <translation>Wie das &amp;Layout</translation>
    </message>
    <message>
        <source>As &amp;trained</source>
        <translation>Wie &amp;trainiert</translation>
    </message>
    <message>
        <source>&amp;Off</source>
        <translation>&amp;Aus</translation>
    </message>
    <message>
        <source>&amp;Fast, while painting</source>
        <translation>&amp;Schnell, beim Malen</translation>
    </message>
    <message>
        <source>F&amp;ull, when the hand rests</source>
        <translation>&amp;Voll, wenn die Hand ruht</translation>
    </message>
    <message>
        <source>&amp;Automatic: {name}</source>
        <translation>&amp;Automatisch: {name}</translation>
    </message>
    <message>
        <source>&amp;Automatic</source>
        <translation>&amp;Automatisch</translation>
    </message>
    <message>
        <source>float32, the most exact</source>
        <translation>float32, am genauesten</translation>
    </message>
    <message>
        <source>bfloat16, faster where the processor has it</source>
        <translation>bfloat16, schneller, wo der Prozessor es kann</translation>
    </message>
    <message>
        <source>float16, fastest on most graphics cards</source>
        <translation>float16, auf den meisten Grafikkarten am schnellsten</translation>
    </message>
</context>
<context>
    <name>RenderingController</name>
    <message>
        <source>The device {asked}, chosen earlier, is not there: pictures are rendered on {actual}.</source>
        <translation>Das früher gewählte Gerät {asked} ist nicht da: Bilder werden auf {actual} gerendert.</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal</translation>
    </message>
    <message>
        <source>{error} Pictures are rendered as before.</source>
        <translation>{error} Bilder werden wie zuvor gerendert.</translation>
    </message>
    <message>
        <source>No picture</source>
        <translation>Kein Bild</translation>
    </message>
    <message>
        <source>Full detail: {part}</source>
        <translation>Volles Detail: {part}</translation>
    </message>
    <message>
        <source>Full detail of this picture takes about {seconds:.0f} seconds here.</source>
        <translation>Volles Detail dieses Bildes braucht hier etwa {seconds:.0f} Sekunden.</translation>
    </message>
    <message>
        <source>Make it</source>
        <translation>Machen</translation>
    </message>
    <message>
        <source>Not enough memory on {device} for a picture of {asked}: it is rendered at {size}.</source>
        <translation>Auf {device} reicht der Speicher nicht für ein Bild von {asked}: Es wird mit {size} gerendert.</translation>
    </message>
    <message numerus="yes">
        <source>{names} and %Ln more</source>
        <translation>
            <numerusform>{names} und %Ln weiteres</numerusform>
            <numerusform>{names} und %Ln weitere</numerusform>
        </translation>
    </message>
    <message>
        <source>These weights do not know {names}: {share} of the layout renders as unlabeled.</source>
        <translation>Diese Gewichte kennen {names} nicht: {share} des Layouts wird wie ohne Label gerendert.</translation>
    </message>
    <message>
        <source>Size: {size}</source>
        <translation>Größe: {size}</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Detail: off</source>
        <translation>Details: aus</translation>
    </message>
    <message>
        <source>Detail: fast</source>
        <translation>Details: schnell</translation>
    </message>
    <message>
        <source>Detail: full</source>
        <translation>Details: voll</translation>
    </message>
    <message>
        <source>Loading on {device}…</source>
        <translation>Wird auf {device} geladen…</translation>
    </message>
    <message>
        <source>Loading…</source>
        <translation>Wird geladen…</translation>
    </message>
</context>
<context>
    <name>ReplaceDialog</name>
    <message>
        <source>Replace a label</source>
        <translation>Label ersetzen</translation>
    </message>
    <message>
        <source>Label to replace</source>
        <translation>Zu ersetzendes Label</translation>
    </message>
    <message>
        <source>Label to put there</source>
        <translation>Einzusetzendes Label</translation>
    </message>
    <message>
        <source>&amp;Replace</source>
        <translation>&amp;Ersetzen</translation>
    </message>
    <message>
        <source>&amp;By</source>
        <translation>&amp;Durch</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>Ersetzen</translation>
    </message>
</context>
<context>
    <name>ReportDialog</name>
    <message>
        <source>Error reports</source>
        <translation>Fehlerberichte</translation>
    </message>
    <message>
        <source>A report holds the place of the error in the program, versions, and the last lines of the log: no pictures, and ~ for your home folder. Names of files and of other folders can be in it. It stays on this computer unless you hand it on.</source>
        <translation>Ein Bericht enthält die Stelle des Fehlers im Programm, Versionen und die letzten Zeilen des Protokolls: keine Bilder, und ~ statt Ihres persönlichen Ordners. Namen von Dateien und anderen Ordnern können darin stehen. Er bleibt auf diesem Rechner, wenn Sie ihn nicht weitergeben.</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Bericht</translation>
    </message>
    <message>
        <source>Text of the report</source>
        <translation>Text des Berichts</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>&amp;Kopieren</translation>
    </message>
    <message>
        <source>Open &amp;folder</source>
        <translation>&amp;Ordner öffnen</translation>
    </message>
    <message>
        <source>C&amp;lose</source>
        <translation>Sch&amp;ließen</translation>
    </message>
    <message>
        <source>There are no reports: nothing has gone wrong.</source>
        <translation>Es gibt keine Berichte: Nichts ging schief.</translation>
    </message>
</context>
<context>
    <name>RunList</name>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>Läufe</translation>
    </message>
</context>
<context>
    <name>RunPage</name>
    <message>
        <source>Why the run ended</source>
        <translation>Warum der Lauf endete</translation>
    </message>
    <message>
        <source>Steps done</source>
        <translation>Getane Schritte</translation>
    </message>
    <message>
        <source>Stop and &amp;keep</source>
        <translation>Anhalten und &amp;behalten</translation>
    </message>
    <message>
        <source>Stop n&amp;ow…</source>
        <translation>S&amp;ofort beenden…</translation>
    </message>
    <message>
        <source>&amp;Resume</source>
        <translation>&amp;Fortsetzen</translation>
    </message>
    <message>
        <source>Save a checkpoint after the step at hand and end; Resume goes on from there, bit for bit</source>
        <translation>Nach dem laufenden Schritt einen Checkpoint sichern und enden; Fortsetzen macht dort Bit für Bit weiter</translation>
    </message>
    <message>
        <source>End the trainer at once; steps since its last checkpoint are lost</source>
        <translation>Das Training sofort beenden; Schritte seit dem letzten Checkpoint gehen verloren</translation>
    </message>
    <message>
        <source>Go on from the newest checkpoint</source>
        <translation>Vom neuesten Checkpoint aus weitermachen</translation>
    </message>
    <message>
        <source>Sample grid</source>
        <translation>Musterbogen</translation>
    </message>
    <message>
        <source>No sample grids yet</source>
        <translation>Noch keine Musterbögen</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>&amp;Curves</source>
        <translation>&amp;Kurven</translation>
    </message>
    <message>
        <source>&amp;Samples</source>
        <translation>&amp;Muster</translation>
    </message>
    <message>
        <source>&amp;Log</source>
        <translation>&amp;Protokoll</translation>
    </message>
    <message>
        <source>Resume goes on from here.</source>
        <translation>Fortsetzen macht hier weiter.</translation>
    </message>
    <message>
        <source>Sta&amp;rt</source>
        <translation>Sta&amp;rten</translation>
    </message>
    <message>
        <source>Step {step:,}</source>
        <translation>Schritt {step:,}</translation>
    </message>
    <message>
        <source>Cont&amp;inue</source>
        <translation>&amp;Weiter</translation>
    </message>
    <message>
        <source>Go on with the next step</source>
        <translation>Mit dem nächsten Schritt weitermachen</translation>
    </message>
    <message>
        <source>&amp;Pause</source>
        <translation>&amp;Pause</translation>
    </message>
    <message>
        <source>Wait after the step at hand, with all in memory; the processor is free until Continue</source>
        <translation>Nach dem laufenden Schritt warten, mit allem im Speicher; bis „Weiter“ ist der Prozessor frei</translation>
    </message>
    <message>
        <source>The trainer starts; it reads the data first.</source>
        <translation>Das Training beginnt; zuerst liest es die Daten.</translation>
    </message>
    <message>
        <source>Step {step:,} of {total:,}</source>
        <translation>Schritt {step:,} von {total:,}</translation>
    </message>
    <message>
        <source>epoch {epoch:.2f}</source>
        <translation>Epoche {epoch:.2f}</translation>
    </message>
    <message>
        <source>{rate:.1f} images/s</source>
        <translation>{rate:.1f} Bilder/s</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>noch {time}</translation>
    </message>
    <message>
        <source>{amount} memory</source>
        <translation>{amount} Speicher</translation>
    </message>
    <message>
        <source>on {device}</source>
        <translation>auf {device}</translation>
    </message>
    <message>
        <source>{seconds:.0f} s</source>
        <translation>{seconds:.0f} s</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min</source>
        <translation>{hours} h {minutes} min</translation>
    </message>
    <message>
        <source>{minutes} min</source>
        <translation>{minutes} min</translation>
    </message>
    <message numerus="yes">
        <source>%Ln warning(s) in the log</source>
        <translation>
            <numerusform>%Ln Warnung im Protokoll</numerusform>
            <numerusform>%Ln Warnungen im Protokoll</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln day(s) {hours} h</source>
        <translation>
            <numerusform>%Ln Tag {hours} h</numerusform>
            <numerusform>%Ln Tage {hours} h</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>RunState</name>
    <message>
        <source>not started</source>
        <translation>nicht gestartet</translation>
    </message>
    <message>
        <source>starting</source>
        <translation>startet</translation>
    </message>
    <message>
        <source>running</source>
        <translation>läuft</translation>
    </message>
    <message>
        <source>pausing</source>
        <translation>pausiert gleich</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>pausiert</translation>
    </message>
    <message>
        <source>stopping</source>
        <translation>hält an</translation>
    </message>
    <message>
        <source>finished</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>gescheitert</translation>
    </message>
    <message>
        <source>cut off</source>
        <translation>abgebrochen</translation>
    </message>
    <message>
        <source>The trainer ended before it could start; it said nothing.</source>
        <translation>Das Training endete, bevor es beginnen konnte; es sagte nichts.</translation>
    </message>
    <message>
        <source>The trainer ended without a word: it was ended, or the machine was switched off.</source>
        <translation>Das Training endete ohne ein Wort: Es wurde beendet, oder der Rechner wurde ausgeschaltet.</translation>
    </message>
</context>
<context>
    <name>SampleGallery</name>
    <message>
        <source>Open a sample</source>
        <translation>Ein Beispiel öffnen</translation>
    </message>
    <message>
        <source>Layouts to paint on. Each opens with a style that suits it.</source>
        <translation>Layouts zum Weitermalen. Jedes öffnet sich mit einem passenden Stil.</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>&amp;Open</source>
        <translation>Ö&amp;ffnen</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>A&amp;bbrechen</translation>
    </message>
</context>
<context>
    <name>Samples</name>
    <message>
        <source>Mountain lake</source>
        <translation>Bergsee</translation>
    </message>
    <message>
        <source>Coast</source>
        <translation>Küste</translation>
    </message>
    <message>
        <source>Valley</source>
        <translation>Tal</translation>
    </message>
    <message>
        <source>Winter ridge</source>
        <translation>Wintergrat</translation>
    </message>
    <message>
        <source>Forest lake</source>
        <translation>Waldsee</translation>
    </message>
</context>
<context>
    <name>ShelfList</name>
    <message>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>not found</source>
        <translation>nicht gefunden</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>in Gebrauch</translation>
    </message>
    <message>
        <source>comes with the program</source>
        <translation>mitgeliefert</translation>
    </message>
    <message>
        <source>not used yet</source>
        <translation>noch nicht verwendet</translation>
    </message>
</context>
<context>
    <name>ShortcutTable</name>
    <message>
        <source>Without a menu</source>
        <translation>Ohne Menü</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Find a command or its keys</source>
        <translation>Einen Befehl oder seine Tasten suchen</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>Befehle</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Press the new keys</source>
        <translation>Die neuen Tasten drücken</translation>
    </message>
    <message>
        <source>Keep the &amp;other keys too</source>
        <translation>Die &amp;anderen Tasten behalten</translation>
    </message>
    <message>
        <source>&amp;No keys</source>
        <translation>&amp;Keine Tasten</translation>
    </message>
    <message>
        <source>&amp;Reset</source>
        <translation>&amp;Zurücksetzen</translation>
    </message>
    <message>
        <source>Give this command the keys that it came with</source>
        <translation>Diesem Befehl die ursprünglichen Tasten geben</translation>
    </message>
    <message>
        <source>Reset &amp;all</source>
        <translation>&amp;Alle zurücksetzen</translation>
    </message>
    <message>
        <source>Give all commands the keys that they came with</source>
        <translation>Allen Befehlen die ursprünglichen Tasten geben</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>&amp;Schließen</translation>
    </message>
    <message>
        <source>&amp;Press the new keys</source>
        <translation>Die &amp;neuen Tasten drücken</translation>
    </message>
    <message>
        <source>no keys</source>
        <translation>keine Tasten</translation>
    </message>
    <message>
        <source>It came with {keys}</source>
        <translation>Ursprünglich: {keys}</translation>
    </message>
    <message>
        <source>{command}: {keys}</source>
        <translation>{command}: {keys}</translation>
    </message>
    <message>
        <source>{keys} cannot be given to commands: painting, menus or the keyboard focus need it.</source>
        <translation>{keys} kann kein Befehl bekommen: Das Malen, die Menüs oder der Tastaturfokus brauchen es.</translation>
    </message>
    <message>
        <source>{keys} belongs to “{other}” ({menu}).</source>
        <translation>{keys} gehört zu „{other}“ ({menu}).</translation>
    </message>
    <message>
        <source>&amp;Take it from “{other}”</source>
        <translation>„{other}“ weg&amp;nehmen</translation>
    </message>
</context>
<context>
    <name>SizeBox</name>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>As in the window</source>
        <translation>Wie im Fenster</translation>
    </message>
    <message>
        <source>the size {!r}</source>
        <translation>die Größe {!r}</translation>
    </message>
    <message>
        <source>width × height, such as 512 × 512</source>
        <translation>Breite × Höhe, etwa 512 × 512</translation>
    </message>
    <message>
        <source>the size {} × {}</source>
        <translation>die Größe {} × {}</translation>
    </message>
    <message>
        <source>{} to {} pixels on each side</source>
        <translation>{} bis {} Pixel je Seite</translation>
    </message>
</context>
<context>
    <name>SizeDialog</name>
    <message>
        <source>Square, 1:1</source>
        <translation>Quadrat, 1:1</translation>
    </message>
    <message>
        <source>Classic, 4:3</source>
        <translation>Klassisch, 4:3</translation>
    </message>
    <message>
        <source>Photo, 3:2</source>
        <translation>Foto, 3:2</translation>
    </message>
    <message>
        <source>Screen, 16:9</source>
        <translation>Bildschirm, 16:9</translation>
    </message>
    <message>
        <source>Cinema, 2.39:1</source>
        <translation>Kino, 2,39:1</translation>
    </message>
    <message>
        <source>Panorama, 2:1</source>
        <translation>Panorama, 2:1</translation>
    </message>
    <message>
        <source>Tall, 3:4</source>
        <translation>Hoch, 3:4</translation>
    </message>
    <message>
        <source>Tall, 9:16</source>
        <translation>Hoch, 9:16</translation>
    </message>
    <message>
        <source>Custom</source>
        <translation>Eigene</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>Form</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>Breite</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>Höhe</translation>
    </message>
    <message>
        <source>&amp;Shape</source>
        <translation>&amp;Form</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Pictures have the layout&apos;s shape, at any size.</source>
        <translation>Bilder haben die Form des Layouts, in jeder Größe.</translation>
    </message>
    <message>
        <source> px</source>
        <translation> px</translation>
    </message>
</context>
<context>
    <name>SizeQuestion</name>
    <message>
        <source>Size of the picture</source>
        <translation>Größe des Bildes</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>Höhe</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>Breite</translation>
    </message>
    <message>
        <source> px</source>
        <translation> px</translation>
    </message>
    <message>
        <source>&amp;Keep the layout&apos;s shape</source>
        <translation>Form des Layouts &amp;behalten</translation>
    </message>
    <message>
        <source>&amp;Width</source>
        <translation>B&amp;reite</translation>
    </message>
    <message>
        <source>&amp;Height</source>
        <translation>&amp;Höhe</translation>
    </message>
    <message>
        <source>The size belongs to this document and is kept in it.</source>
        <translation>Die Größe gehört zu diesem Dokument und wird darin aufbewahrt.</translation>
    </message>
    <message>
        <source>The layout has another shape: it is stretched to this size.</source>
        <translation>Das Layout hat eine andere Form: Es wird auf diese Größe gestreckt.</translation>
    </message>
    <message>
        <source>Render</source>
        <translation>Rendern</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>The photographs that the picture is made of</source>
        <translation>Die Fotos, aus denen das Bild besteht</translation>
    </message>
    <message>
        <source>Time of the last picture, and whether every pixel of it was computed anew</source>
        <translation>Dauer des letzten Bildes, und ob jeder Punkt neu berechnet wurde</translation>
    </message>
    <message>
        <source>The size of this document&apos;s pictures</source>
        <translation>Die Größe der Bilder dieses Dokuments</translation>
    </message>
    <message>
        <source>How what is finer than the weights&apos; own picture is made, in larger pictures</source>
        <translation>Wie in größeren Bildern entsteht, was feiner ist als das eigene Bild der Gewichte</translation>
    </message>
    <message>
        <source>Where pictures are computed, and with which numbers</source>
        <translation>Wo Bilder berechnet werden, und mit welchen Zahlen</translation>
    </message>
    <message>
        <source>Size of the layout in pixels, and its zoom</source>
        <translation>Größe des Layouts in Pixeln und sein Maßstab</translation>
    </message>
    <message>
        <source>preview</source>
        <translation>Vorschau</translation>
    </message>
    <message>
        <source>exact</source>
        <translation>genau</translation>
    </message>
    <message numerus="yes">
        <source>Made of %Ln photograph(s)</source>
        <translation>
            <numerusform>Aus %Ln Foto</numerusform>
            <numerusform>Aus %Ln Fotos</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Steps</name>
    <message>
        <source>brush</source>
        <translation>Pinsel</translation>
    </message>
    <message>
        <source>eraser</source>
        <translation>Radierer</translation>
    </message>
    <message>
        <source>fill</source>
        <translation>Füllen</translation>
    </message>
    <message>
        <source>line</source>
        <translation>Linie</translation>
    </message>
    <message>
        <source>rectangle</source>
        <translation>Rechteck</translation>
    </message>
    <message>
        <source>ellipse</source>
        <translation>Ellipse</translation>
    </message>
    <message>
        <source>polygon</source>
        <translation>Polygon</translation>
    </message>
    <message>
        <source>lasso</source>
        <translation>Lasso</translation>
    </message>
    <message>
        <source>select</source>
        <translation>Auswählen</translation>
    </message>
    <message>
        <source>picker</source>
        <translation>Pipette</translation>
    </message>
    <message>
        <source>replace</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>erase selection</source>
        <translation>Auswahl löschen</translation>
    </message>
    <message>
        <source>move selection</source>
        <translation>Auswahl verschieben</translation>
    </message>
    <message>
        <source>resize</source>
        <translation>Größe ändern</translation>
    </message>
    <message>
        <source>crop</source>
        <translation>Zuschneiden</translation>
    </message>
    <message>
        <source>extend</source>
        <translation>Erweitern</translation>
    </message>
    <message>
        <source>paste</source>
        <translation>Einfügen</translation>
    </message>
    <message>
        <source>cut</source>
        <translation>Ausschneiden</translation>
    </message>
    <message>
        <source>duplicate</source>
        <translation>Duplizieren</translation>
    </message>
    <message>
        <source>flip selection</source>
        <translation>Auswahl spiegeln</translation>
    </message>
    <message>
        <source>turn selection</source>
        <translation>Auswahl drehen</translation>
    </message>
    <message>
        <source>style</source>
        <translation>Stil</translation>
    </message>
    <message>
        <source>strength</source>
        <translation>Stärke</translation>
    </message>
    <message>
        <source>mix</source>
        <translation>Mischung</translation>
    </message>
    <message>
        <source>texture</source>
        <translation>Textur</translation>
    </message>
    <message>
        <source>texture here</source>
        <translation>Textur hier</translation>
    </message>
</context>
<context>
    <name>StyleCollection</name>
    <message numerus="yes">
        <source>The first %Ln photograph(s) taken, {left} left.</source>
        <translation>
            <numerusform>Das erste Foto wird übernommen, {left} bleiben übrig.</numerusform>
            <numerusform>Die ersten %Ln Fotos werden übernommen, {left} bleiben übrig.</numerusform>
        </translation>
    </message>
    <message>
        <source>Pasted</source>
        <translation>Eingefügt</translation>
    </message>
</context>
<context>
    <name>StylePanel</name>
    <message>
        <source>Style seed</source>
        <translation>Startwert des Stils</translation>
    </message>
    <message>
        <source>The number that the style is drawn from: the same number gives the same look</source>
        <translation>Die Zahl, aus der der Stil gezogen wird: Dieselbe Zahl gibt dasselbe Aussehen</translation>
    </message>
    <message>
        <source>Styles</source>
        <translation>Stile</translation>
    </message>
    <message>
        <source>&amp;Style</source>
        <translation>&amp;Stil</translation>
    </message>
    <message>
        <source>New style</source>
        <translation>Neuer Stil</translation>
    </message>
    <message>
        <source>Lock the style</source>
        <translation>Stil sperren</translation>
    </message>
    <message>
        <source>Favourite style</source>
        <translation>Stil als Favorit</translation>
    </message>
    <message>
        <source>New texture</source>
        <translation>Neue Textur</translation>
    </message>
    <message>
        <source>Show the styles: built-in ones, references, the last ones, and mixes</source>
        <translation>Die Stile zeigen: mitgelieferte, Vorbilder, die letzten und Mischungen</translation>
    </message>
</context>
<context>
    <name>StyleStrip</name>
    <message>
        <source>Styles</source>
        <translation>Stile</translation>
    </message>
    <message>
        <source>Click a style to use it, drag it to A or B to mix; drop a photograph to take its style</source>
        <translation>Einen Stil anklicken, um ihn zu verwenden, auf A oder B ziehen, um zu mischen; ein Foto hier ablegen, um seinen Stil zu übernehmen</translation>
    </message>
    <message>
        <source>&amp;Use</source>
        <translation>&amp;Verwenden</translation>
    </message>
    <message>
        <source>Mix as &amp;A</source>
        <translation>Als &amp;A mischen</translation>
    </message>
    <message>
        <source>Mix as &amp;B</source>
        <translation>Als &amp;B mischen</translation>
    </message>
    <message>
        <source>&amp;Remove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>Take the &amp;star away</source>
        <translation>&amp;Stern wegnehmen</translation>
    </message>
    <message>
        <source>Add a &amp;star</source>
        <translation>&amp;Stern geben</translation>
    </message>
    <message>
        <source>Re&amp;name…</source>
        <translation>Um&amp;benennen…</translation>
    </message>
    <message>
        <source>Put the removed photograph &amp;back</source>
        <translation>Das entfernte Foto &amp;zurückholen</translation>
    </message>
    <message>
        <source>Name of the style</source>
        <translation>Name des Stils</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
</context>
<context>
    <name>StylesController</name>
    <message>
        <source>These weights have one look only: they were trained without a style.</source>
        <translation>Diese Gewichte haben nur ein Aussehen: Sie wurden ohne Stil trainiert.</translation>
    </message>
    <message>
        <source>The weights are not loaded yet.</source>
        <translation>Die Gewichte sind noch nicht geladen.</translation>
    </message>
    <message>
        <source>These weights have no encoder: they cannot take the style of a photograph.</source>
        <translation>Diese Gewichte haben keinen Encoder: Sie können den Stil eines Fotos nicht übernehmen.</translation>
    </message>
    <message>
        <source>The built-in styles belong to other weights, and these have no encoder to take them over.</source>
        <translation>Die mitgelieferten Stile gehören zu anderen Gewichten, und diese haben keinen Encoder, um sie zu übernehmen.</translation>
    </message>
    <message>
        <source>“{}” was made with other weights, which these cannot follow.</source>
        <translation>„{}“ wurde mit anderen Gewichten gemacht, denen diese nicht folgen können.</translation>
    </message>
    <message>
        <source>“{}” was made with other weights and may look different with these.</source>
        <translation>„{}“ wurde mit anderen Gewichten gemacht und kann mit diesen anders aussehen.</translation>
    </message>
    <message>
        <source>The style is locked: the dice leaves it alone.</source>
        <translation>Der Stil ist gesperrt: Der Würfel lässt ihn in Ruhe.</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>Vorbild</translation>
    </message>
    <message>
        <source>{:.0%} {}, {:.0%} {}</source>
        <translation>{:.0%} {}, {:.0%} {}</translation>
    </message>
    <message>
        <source>Style {}</source>
        <translation>Stil {}</translation>
    </message>
    <message>
        <source>A style</source>
        <translation>Ein Stil</translation>
    </message>
    <message>
        <source>Noon</source>
        <translation>Mittag</translation>
    </message>
    <message>
        <source>Sunset</source>
        <translation>Sonnenuntergang</translation>
    </message>
    <message>
        <source>Golden hour</source>
        <translation>Goldene Stunde</translation>
    </message>
    <message>
        <source>Overcast</source>
        <translation>Bedeckt</translation>
    </message>
    <message>
        <source>Mist</source>
        <translation>Nebel</translation>
    </message>
    <message>
        <source>Winter light</source>
        <translation>Winterlicht</translation>
    </message>
    <message>
        <source>Blue hour</source>
        <translation>Blaue Stunde</translation>
    </message>
    <message>
        <source>Storm</source>
        <translation>Gewitter</translation>
    </message>
    <message>
        <source>Clear morning</source>
        <translation>Klarer Morgen</translation>
    </message>
</context>
<context>
    <name>StylesPanel</name>
    <message>
        <source>About the style</source>
        <translation>Zum Stil</translation>
    </message>
    <message>
        <source>Strength of the style</source>
        <translation>Stärke des Stils</translation>
    </message>
    <message>
        <source>How far the style goes from the average look: 100 % is as trained</source>
        <translation>Wie weit der Stil vom mittleren Aussehen abweicht: 100 % ist wie trainiert</translation>
    </message>
    <message>
        <source>Stren&amp;gth</source>
        <translation>&amp;Stärke</translation>
    </message>
    <message>
        <source>Built-in styles</source>
        <translation>Mitgelieferte Stile</translation>
    </message>
    <message>
        <source>References</source>
        <translation>Vorbilder</translation>
    </message>
    <message>
        <source>Last styles</source>
        <translation>Letzte Stile</translation>
    </message>
    <message>
        <source>Styles that you try appear here; click one to go back to it.</source>
        <translation>Hier erscheinen Stile, die Sie ausprobieren; ein Klick kehrt zu einem zurück.</translation>
    </message>
    <message>
        <source>Put back</source>
        <translation>Zurückholen</translation>
    </message>
    <message>
        <source>Take back the photograph that was removed last</source>
        <translation>Das zuletzt entfernte Foto zurückholen</translation>
    </message>
    <message>
        <source>&amp;Add…</source>
        <translation>&amp;Hinzufügen…</translation>
    </message>
    <message>
        <source>Take the style of photographs on the disk, or drop them here</source>
        <translation>Den Stil von Fotos auf der Platte übernehmen, oder sie hierher ziehen</translation>
    </message>
    <message>
        <source>Paste</source>
        <translation>Einfügen</translation>
    </message>
    <message>
        <source>Va&amp;ry</source>
        <translation>Va&amp;riieren</translation>
    </message>
    <message>
        <source>Another style that the selected photograph might have: the encoder knows it only roughly</source>
        <translation>Ein anderer Stil, den das ausgewählte Foto haben könnte: Der Encoder kennt ihn nur ungefähr</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Forget the selected photograph (Del)</source>
        <translation>Das ausgewählte Foto vergessen (Entf)</translation>
    </message>
    <message>
        <source>Built-in</source>
        <translation>Mitgeliefert</translation>
    </message>
    <message>
        <source>Last</source>
        <translation>Letzte</translation>
    </message>
    <message>
        <source>&amp;Mix two styles</source>
        <translation>Zwei Stile &amp;mischen</translation>
    </message>
    <message>
        <source>{} %</source>
        <translation>{} %</translation>
    </message>
    <message>
        <source>This build has no built-in styles.</source>
        <translation>Diese Fassung hat keine mitgelieferten Stile.</translation>
    </message>
    <message>
        <source>Drop photographs here, or paste one: each gives its light and colours to your layout.</source>
        <translation>Fotos hierher ziehen oder eines einfügen: Jedes gibt dem Layout sein Licht und seine Farben.</translation>
    </message>
    <message>
        <source>{name} at {percent} %</source>
        <translation>{name} zu {percent} %</translation>
    </message>
    <message>
        <source>Choose a style, click A; choose another, click B; then drag between them.</source>
        <translation>Einen Stil wählen und A anklicken, einen anderen wählen und B anklicken; dann dazwischen ziehen.</translation>
    </message>
</context>
<context>
    <name>Swatches</name>
    <message>
        <source>Painting {name}. Click to swap with {previous} (X)</source>
        <translation>{name} wird gemalt. Klick tauscht mit {previous} (X)</translation>
    </message>
    <message>
        <source>Painting {name}, swap with {previous}</source>
        <translation>{name} wird gemalt, tauschen mit {previous}</translation>
    </message>
</context>
<context>
    <name>SwitchDialog</name>
    <message>
        <source>Switch to {name}</source>
        <translation>Zu {name} wechseln</translation>
    </message>
    <message>
        <source>{target} has no label of these names. What shall take their place? All other labels are carried over by name, and Undo brings everything back.</source>
        <translation>{target} hat keine Labels mit diesen Namen. Was soll an ihre Stelle treten? Alle anderen Labels werden nach Namen übertragen, und Rückgängig holt alles zurück.</translation>
    </message>
    <message numerus="yes">
        <source>%Ln pixel(s)</source>
        <translation>
            <numerusform>%Ln Pixel</numerusform>
            <numerusform>%Ln Pixel</numerusform>
        </translation>
    </message>
    <message>
        <source>Switch</source>
        <translation>Wechseln</translation>
    </message>
    <message>
        <source>Instead of {name}</source>
        <translation>Statt {name}</translation>
    </message>
    <message>
        <source>Unlabeled</source>
        <translation>Ohne Label</translation>
    </message>
    <message>
        <source>{name} (nearest)</source>
        <translation>{name} (am nächsten)</translation>
    </message>
</context>
<context>
    <name>TextureCommands</name>
    <message>
        <source>{label} is nowhere in the layout.</source>
        <translation>{label} kommt im Layout nicht vor.</translation>
    </message>
    <message>
        <source>New te&amp;xture of {label}</source>
        <translation>Neue Te&amp;xtur: {label}</translation>
    </message>
    <message>
        <source>New te&amp;xture of a label</source>
        <translation>Neue Te&amp;xtur eines Labels</translation>
    </message>
</context>
<context>
    <name>ToolOptionsPanel</name>
    <message>
        <source>Shape of the brush</source>
        <translation>Form des Pinsels</translation>
    </message>
    <message>
        <source>Steady </source>
        <translation>Ruhig </translation>
    </message>
    <message>
        <source>Everywhere</source>
        <translation>Überall</translation>
    </message>
    <message>
        <source>Fill all pixels of the label, not only those that hang together</source>
        <translation>Alle Pixel des Labels füllen, nicht nur zusammenhängende</translation>
    </message>
    <message>
        <source>&amp;Gap</source>
        <translation>&amp;Lücke</translation>
    </message>
    <message>
        <source> px</source>
        <translation> px</translation>
    </message>
    <message>
        <source>Tip of brush, eraser and line; the edge is always hard</source>
        <translation>Spitze von Pinsel, Radierer und Linie; der Rand ist immer hart</translation>
    </message>
    <message>
        <source>Steadiness of the brush</source>
        <translation>Ruhe des Pinsels</translation>
    </message>
    <message>
        <source>The brush follows the hand on a rope of this length, so that tremors do not show</source>
        <translation>Der Pinsel folgt der Hand an einem Seil dieser Länge, sodass man kein Zittern sieht</translation>
    </message>
    <message>
        <source>Gap that a fill does not pass</source>
        <translation>Lücke, durch die nicht gefüllt wird</translation>
    </message>
    <message>
        <source>Openings up to this width hold a fill back</source>
        <translation>Öffnungen bis zu dieser Breite halten das Füllen auf</translation>
    </message>
    <message>
        <source>Freehand</source>
        <translation>Freihand</translation>
    </message>
    <message>
        <source>Draw selections by hand, not as rectangles</source>
        <translation>Auswahlen von Hand zeichnen, nicht als Rechtecke</translation>
    </message>
    <message>
        <source>Touching</source>
        <translation>Zusammenhängend</translation>
    </message>
    <message>
        <source>A double-click selects what hangs together, not all of the label</source>
        <translation>Ein Doppelklick wählt, was zusammenhängt, nicht alles vom Label</translation>
    </message>
</context>
<context>
    <name>ToolRun</name>
    <message>
        <source>{program} cannot be started: {errorString}</source>
        <translation>{program} kann nicht gestartet werden: {errorString}</translation>
    </message>
</context>
<context>
    <name>Tour</name>
    <message>
        <source>&amp;Skip</source>
        <translation>Ü&amp;berspringen</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>{number} von {count}</translation>
    </message>
    <message>
        <source>&amp;Done</source>
        <translation>&amp;Fertig</translation>
    </message>
    <message>
        <source>&amp;Next</source>
        <translation>&amp;Weiter</translation>
    </message>
</context>
<context>
    <name>TrainingWindow</name>
    <message>
        <source>Train - SPADE Studio</source>
        <translation>Trainieren - SPADE Studio</translation>
    </message>
    <message>
        <source>&amp;My drawing</source>
        <translation>Meine &amp;Zeichnung</translation>
    </message>
    <message>
        <source>Folder of runs</source>
        <translation>Ordner der Läufe</translation>
    </message>
    <message>
        <source>C&amp;hange…</source>
        <translation>Än&amp;dern…</translation>
    </message>
    <message>
        <source>Choose the folder in which runs are made and listed</source>
        <translation>Den Ordner wählen, in dem Läufe angelegt und aufgelistet werden</translation>
    </message>
    <message>
        <source>&amp;New run…</source>
        <translation>&amp;Neuer Lauf…</translation>
    </message>
    <message>
        <source>Set up a training</source>
        <translation>Ein Training einrichten</translation>
    </message>
    <message>
        <source>No runs here yet.

New run… sets up a training.</source>
        <translation>Hier gibt es noch keine Läufe.

„Neuer Lauf…“ richtet ein Training ein.</translation>
    </message>
    <message>
        <source>{name} could not be started</source>
        <translation>{name} konnte nicht gestartet werden</translation>
    </message>
    <message>
        <source>{name} could not be asked to wait</source>
        <translation>{name} konnte nicht um eine Pause gebeten werden</translation>
    </message>
    <message>
        <source>{name} could not be asked to go on</source>
        <translation>{name} konnte nicht zum Weitermachen gebracht werden</translation>
    </message>
    <message>
        <source>{name} could not be asked to stop</source>
        <translation>{name} konnte nicht angehalten werden</translation>
    </message>
    <message>
        <source>End {name} now?</source>
        <translation>{name} sofort beenden?</translation>
    </message>
    <message>
        <source>What it learned since its last checkpoint is lost. Stop and keep saves first.</source>
        <translation>Was seit dem letzten Checkpoint gelernt wurde, geht verloren. „Anhalten und behalten“ sichert zuerst.</translation>
    </message>
    <message>
        <source>End now</source>
        <translation>Sofort beenden</translation>
    </message>
    <message>
        <source>{name} could not be ended</source>
        <translation>{name} konnte nicht beendet werden</translation>
    </message>
</context>
<context>
    <name>VariationsWindow</name>
    <message>
        <source>Variations - SPADE Studio</source>
        <translation>Varianten - SPADE Studio</translation>
    </message>
    <message>
        <source>Variations</source>
        <translation>Varianten</translation>
    </message>
    <message>
        <source>Styles between two</source>
        <translation>Stile zwischen zweien</translation>
    </message>
    <message>
        <source>{:.0%}</source>
        <translation>{:.0%}</translation>
    </message>
    <message>
        <source>The layout has changed since.</source>
        <translation>Das Layout hat sich seitdem geändert.</translation>
    </message>
    <message>
        <source>The texture has changed since.</source>
        <translation>Die Textur hat sich seitdem geändert.</translation>
    </message>
    <message>
        <source>The weights have changed since.</source>
        <translation>Die Gewichte haben sich seitdem geändert.</translation>
    </message>
    <message>
        <source>Number of variations</source>
        <translation>Anzahl der Varianten</translation>
    </message>
    <message>
        <source>&amp;Styles</source>
        <translation>&amp;Stile</translation>
    </message>
    <message>
        <source>&amp;New styles</source>
        <translation>&amp;Neue Stile</translation>
    </message>
    <message>
        <source>Fill the sheet with other random styles</source>
        <translation>Den Bogen mit anderen zufälligen Stilen füllen</translation>
    </message>
    <message>
        <source>&amp;Update</source>
        <translation>&amp;Aktualisieren</translation>
    </message>
    <message>
        <source>Render these styles over the layout as it is now (F5)</source>
        <translation>Diese Stile über dem jetzigen Layout rendern (F5)</translation>
    </message>
    <message>
        <source>Rendering</source>
        <translation>Rendern</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>A&amp;bbrechen</translation>
    </message>
    <message>
        <source>Stop rendering the sheet (Escape)</source>
        <translation>Das Rendern des Bogens anhalten (Esc)</translation>
    </message>
    <message>
        <source>Steps between two styles</source>
        <translation>Schritte zwischen zwei Stilen</translation>
    </message>
    <message>
        <source>Pictures of the strip, both ends included</source>
        <translation>Bilder des Streifens, beide Enden mitgezählt</translation>
    </message>
    <message>
        <source> steps</source>
        <translation> Schritte</translation>
    </message>
    <message>
        <source>&amp;Between two</source>
        <translation>&amp;Zwischen zweien</translation>
    </message>
    <message>
        <source>Show the styles that lie between the two selected ones</source>
        <translation>Die Stile zeigen, die zwischen den zwei ausgewählten liegen</translation>
    </message>
    <message>
        <source>&amp;Export…</source>
        <translation>&amp;Exportieren…</translation>
    </message>
    <message>
        <source>Export the selected styles as pictures</source>
        <translation>Die ausgewählten Stile als Bilder exportieren</translation>
    </message>
    <message>
        <source>&amp;Video…</source>
        <translation>&amp;Video…</translation>
    </message>
    <message>
        <source>Make a video that leads through the selected styles</source>
        <translation>Ein Video machen, das durch die ausgewählten Stile führt</translation>
    </message>
    <message>
        <source>Between the two selected styles</source>
        <translation>Zwischen den zwei ausgewählten Stilen</translation>
    </message>
    <message>
        <source>Close the strip</source>
        <translation>Den Streifen schließen</translation>
    </message>
    <message>
        <source>style in hand</source>
        <translation>jetziger Stil</translation>
    </message>
    <message numerus="yes">
        <source>{done} of %Ln picture(s)</source>
        <translation>
            <numerusform>{done} von %Ln Bild</numerusform>
            <numerusform>{done} von %Ln Bildern</numerusform>
        </translation>
    </message>
    <message>
        <source>{} not rendered</source>
        <translation>{} nicht gerendert</translation>
    </message>
    <message>
        <source>&amp;Export {}…</source>
        <translation>{} &amp;exportieren…</translation>
    </message>
    <message>
        <source>These weights have one look only: they were trained without a style code.</source>
        <translation>Diese Gewichte haben nur ein Aussehen: Sie wurden ohne Stilcode trainiert.</translation>
    </message>
    <message>
        <source>Click or Enter: use this style. Ctrl, Shift or Space: select.</source>
        <translation>Klick oder Eingabe: diesen Stil verwenden. Strg, Umschalt oder Leertaste: auswählen.</translation>
    </message>
</context>
<context>
    <name>Video</name>
    <message>
        <source>OpenCV writes no MP4 here</source>
        <translation>OpenCV schreibt hier kein MP4</translation>
    </message>
    <message>
        <source>The disk may be full; numbered frames may still work</source>
        <translation>Vielleicht ist die Platte voll; nummerierte Einzelbilder gehen vielleicht noch</translation>
    </message>
    <message numerus="yes">
        <source>{there} of %Ln frame(s) came back from the video</source>
        <translation>
            <numerusform>{there} von %Ln Einzelbild kam aus dem Video zurück</numerusform>
            <numerusform>{there} von %Ln Einzelbildern kamen aus dem Video zurück</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>VideoWindow</name>
    <message>
        <source>Video - SPADE Studio</source>
        <translation>Video - SPADE Studio</translation>
    </message>
    <message>
        <source>a mix</source>
        <translation>eine Mischung</translation>
    </message>
    <message>
        <source>several sizes</source>
        <translation>mehrere Größen</translation>
    </message>
    <message>
        <source>one size for a video</source>
        <translation>eine Größe für ein Video</translation>
    </message>
    <message>
        <source>there is no folder {}</source>
        <translation>den Ordner {} gibt es nicht</translation>
    </message>
    <message>
        <source>a file in a folder that exists</source>
        <translation>eine Datei in einem vorhandenen Ordner</translation>
    </message>
    <message>
        <source>Replace {}?</source>
        <translation>{} ersetzen?</translation>
    </message>
    <message>
        <source>The video that is there is lost once the new one is whole.</source>
        <translation>Das vorhandene Video geht verloren, sobald das neue fertig ist.</translation>
    </message>
    <message numerus="yes">
        <source>%n style(s): {names}</source>
        <translation>
            <numerusform>%n Stil: {names}</numerusform>
            <numerusform>%n Stile: {names}</numerusform>
        </translation>
    </message>
    <message>
        <source>&amp;Replace</source>
        <translation>&amp;Ersetzen</translation>
    </message>
    <message>
        <source> s</source>
        <translation> s</translation>
    </message>
    <message>
        <source>Seconds from one style to the next</source>
        <translation>Sekunden von einem Stil zum nächsten</translation>
    </message>
    <message>
        <source>Frames a second</source>
        <translation>Einzelbilder je Sekunde</translation>
    </message>
    <message>
        <source>Width × height of the video</source>
        <translation>Breite × Höhe des Videos</translation>
    </message>
    <message>
        <source>&amp;Loop: lead back to the first style</source>
        <translation>&amp;Schleife: zurück zum ersten Stil</translation>
    </message>
    <message>
        <source>MP4 video</source>
        <translation>MP4-Video</translation>
    </message>
    <message>
        <source>Numbered PNGs</source>
        <translation>Nummerierte PNGs</translation>
    </message>
    <message>
        <source>Kind of file</source>
        <translation>Art der Datei</translation>
    </message>
    <message>
        <source>File of the video</source>
        <translation>Datei des Videos</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>Durchsuchen…</translation>
    </message>
    <message>
        <source>Progress of the video</source>
        <translation>Fortschritt des Videos</translation>
    </message>
    <message>
        <source>Sho&amp;w it</source>
        <translation>&amp;Zeigen</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>A&amp;bbrechen</translation>
    </message>
    <message>
        <source>&amp;Make the video</source>
        <translation>Video &amp;machen</translation>
    </message>
    <message>
        <source>from style to style, at</source>
        <translation>von Stil zu Stil, mit</translation>
    </message>
    <message>
        <source>frames a second</source>
        <translation>Einzelbildern je Sekunde</translation>
    </message>
    <message>
        <source>Shows</source>
        <translation>Zeigt</translation>
    </message>
    <message>
        <source>&amp;Pace</source>
        <translation>&amp;Tempo</translation>
    </message>
    <message>
        <source>&amp;Size</source>
        <translation>&amp;Größe</translation>
    </message>
    <message>
        <source>&amp;Kind</source>
        <translation>&amp;Art</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>Video</source>
        <translation>Video</translation>
    </message>
    <message>
        <source>Videos (*.mp4)</source>
        <translation>Videos (*.mp4)</translation>
    </message>
    <message numerus="yes">
        <source>%Ln frame(s), {seconds:.1f} s</source>
        <translation>
            <numerusform>%Ln Einzelbild, {seconds:.1f} s</numerusform>
            <numerusform>%Ln Einzelbilder, {seconds:.1f} s</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{done} of %Ln frame(s)</source>
        <translation>
            <numerusform>{done} von %Ln Einzelbild</numerusform>
            <numerusform>{done} von %Ln Einzelbildern</numerusform>
        </translation>
    </message>
    <message>
        <source>Finishing…</source>
        <translation>Wird abgeschlossen…</translation>
    </message>
    <message>
        <source>OpenCV writes no MP4 here: numbered frames are in {}.</source>
        <translation>OpenCV schreibt hier kein MP4: Nummerierte Einzelbilder liegen in {}.</translation>
    </message>
    <message>
        <source>Done: {}.</source>
        <translation>Fertig: {}.</translation>
    </message>
    <message>
        <source>Cancelled: nothing was written.</source>
        <translation>Abgebrochen: Nichts wurde geschrieben.</translation>
    </message>
</context>
<context>
    <name>Waiting</name>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
</context>
<context>
    <name>WeightsController</name>
    <message>
        <source>The weights in use; click to choose others</source>
        <translation>Die verwendeten Gewichte; ein Klick wählt andere</translation>
    </message>
    <message>
        <source>Weights in use: {name}</source>
        <translation>Verwendete Gewichte: {name}</translation>
    </message>
</context>
<context>
    <name>WeightsJobs</name>
    <message>
        <source>Looking at {name}…</source>
        <translation>{name} wird angesehen…</translation>
    </message>
    <message>
        <source>Reading {name}…</source>
        <translation>{name} wird gelesen…</translation>
    </message>
    <message>
        <source>Loading the weights…</source>
        <translation>Die Gewichte werden geladen…</translation>
    </message>
    <message>
        <source>Rendering your layout with them…</source>
        <translation>Ihr Layout wird damit gerendert…</translation>
    </message>
</context>
<context>
    <name>WeightsPage</name>
    <message>
        <source>Favourite: list it right after the weights of the program</source>
        <translation>Favorit: gleich nach den Gewichten des Programms aufführen</translation>
    </message>
    <message>
        <source>Favourite</source>
        <translation>Favorit</translation>
    </message>
    <message>
        <source>What cannot work</source>
        <translation>Was nicht geht</translation>
    </message>
    <message>
        <source>Your &amp;notes</source>
        <translation>Ihre &amp;Notizen</translation>
    </message>
    <message>
        <source>Where they come from, what they are good at…</source>
        <translation>Woher sie kommen, was sie gut können…</translation>
    </message>
    <message>
        <source>Your notes about these weights</source>
        <translation>Ihre Notizen zu diesen Gewichten</translation>
    </message>
    <message>
        <source>Model card</source>
        <translation>Modellkarte</translation>
    </message>
    <message>
        <source>The files are sound, but something has to be answered before these weights can be used.</source>
        <translation>Die Dateien sind in Ordnung, aber bevor diese Gewichte verwendet werden können, ist etwas zu beantworten.</translation>
    </message>
    <message>
        <source>Expected: {what}</source>
        <translation>Erwartet: {what}</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Bericht</translation>
    </message>
</context>
<context>
    <name>WeightsReport</name>
    <message>
        <source>id {id}</source>
        <translation>Nummer {id}</translation>
    </message>
    <message>
        <source>No generator</source>
        <translation>Kein Generator</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>bundle of SPADE Studio</source>
        <translation>Bündel von SPADE Studio</translation>
    </message>
    <message>
        <source>published SPADE format</source>
        <translation>veröffentlichtes SPADE-Format</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>Generator</source>
        <translation>Generator</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Labels</translation>
    </message>
    <message>
        <source>Your layout</source>
        <translation>Ihr Layout</translation>
    </message>
    <message>
        <source>{width} × {height} pixels</source>
        <translation>{width} × {height} Pixel</translation>
    </message>
    <message>
        <source>Trained at</source>
        <translation>Trainiert mit</translation>
    </message>
    <message>
        <source>every seed gives another picture</source>
        <translation>jeder Startwert gibt ein anderes Bild</translation>
    </message>
    <message>
        <source>one picture a layout</source>
        <translation>ein Bild je Layout</translation>
    </message>
    <message>
        <source>Styles</source>
        <translation>Stile</translation>
    </message>
    <message>
        <source>objects are told apart (edge channel)</source>
        <translation>Objekte werden unterschieden (Kantenkanal)</translation>
    </message>
    <message>
        <source>Object borders</source>
        <translation>Objektgrenzen</translation>
    </message>
    <message>
        <source>its memory bank, {name}, beside it</source>
        <translation>seine Fotosammlung {name} daneben</translation>
    </message>
    <message>
        <source>Needs</source>
        <translation>Braucht</translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation>Encoder</translation>
    </message>
    <message>
        <source>Discriminator</source>
        <translation>Diskriminator</translation>
    </message>
    <message>
        <source>there is one; only training needs it</source>
        <translation>es gibt einen; nur das Training braucht ihn</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>Dateien</translation>
    </message>
    <message>
        <source>{size} ({names})</source>
        <translation>{size} ({names})</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Ort</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Averaged</source>
        <translation>Gemittelt</translation>
    </message>
    <message>
        <source>Trained on</source>
        <translation>Trainiert an</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>Lizenz</translation>
    </message>
    <message>
        <source>the file does not tell</source>
        <translation>die Datei sagt es nicht</translation>
    </message>
    <message>
        <source>a style encoder</source>
        <translation>einen Stil-Encoder</translation>
    </message>
    <message>
        <source>a discriminator</source>
        <translation>einen Diskriminator</translation>
    </message>
    <message>
        <source>These files hold {what} only, which cannot render. Choose the generator&apos;s file or folder (latest_net_G.pth).</source>
        <translation>Diese Dateien enthalten nur {what}; damit lässt sich nicht rendern. Die Datei oder den Ordner des Generators wählen (latest_net_G.pth).</translation>
    </message>
    <message>
        <source>{share} of your layout has labels that these weights do not know: it renders as unlabeled.</source>
        <translation>{share} Ihres Layouts hat Labels, die diese Gewichte nicht kennen: Es wird wie ohne Label gerendert.</translation>
    </message>
    <message>
        <source>The labels have no names: an id in the layout is taken as the number of a label.</source>
        <translation>Die Labels haben keine Namen: Ein Wert im Layout gilt als Nummer eines Labels.</translation>
    </message>
    <message>
        <source>Styles, seeds and variations have no effect.</source>
        <translation>Stile, Startwerte und Varianten haben keine Wirkung.</translation>
    </message>
    <message>
        <source>A reference picture cannot give the style: there is no encoder.</source>
        <translation>Ein Vorbild kann den Stil nicht vorgeben: Es gibt keinen Encoder.</translation>
    </message>
    <message>
        <source>Objects of one label that touch are not told apart.</source>
        <translation>Objekte eines Labels, die sich berühren, werden nicht unterschieden.</translation>
    </message>
    <message>
        <source>Trained on small pictures: far larger ones lose detail.</source>
        <translation>An kleinen Bildern trainiert: Weit größere verlieren Einzelheiten.</translation>
    </message>
    <message>
        <source>SPADE&apos;s decoder, layout concatenated</source>
        <translation>Decoder von SPADE, Layout angehängt</translation>
    </message>
    <message>
        <source>cascaded refinement network (CRN)</source>
        <translation>stufenweise verfeinerndes Netz (CRN)</translation>
    </message>
    <message>
        <source>SIMS, completes pieces of photographs</source>
        <translation>SIMS, ergänzt Stücke von Fotos</translation>
    </message>
    <message>
        <source>pix2pixHD with SPADE</source>
        <translation>pix2pixHD mit SPADE</translation>
    </message>
    <message>
        <source>pix2pixHD, layout concatenated</source>
        <translation>pix2pixHD, Layout angehängt</translation>
    </message>
    <message>
        <source>{kind}, {size}, base width {width}, sides in steps of {stride} pixels</source>
        <translation>{kind}, {size}, Grundbreite {width}, Seiten in Schritten von {stride} Pixeln</translation>
    </message>
    <message>
        <source>takes the style from a picture, {size}, style codes of {width} numbers</source>
        <translation>nimmt den Stil aus einem Bild, {size}, Stilcodes aus {width} Zahlen</translation>
    </message>
    <message>
        <source>{count} million parameters</source>
        <translation>{count} Millionen Parameter</translation>
    </message>
    <message>
        <source>{count} without names</source>
        <translation>{count} ohne Namen</translation>
    </message>
    <message>
        <source>{count} of {set}: {names}</source>
        <translation>{count} von {set}: {names}</translation>
    </message>
    <message>
        <source>all its ids have a channel</source>
        <translation>alle Nummern haben einen Kanal</translation>
    </message>
    <message>
        <source>all its labels are known</source>
        <translation>alle Labels sind bekannt</translation>
    </message>
    <message>
        <source>not known: {labels}</source>
        <translation>unbekannt: {labels}</translation>
    </message>
    <message>
        <source>double precision (float64)</source>
        <translation>doppelte Genauigkeit (float64)</translation>
    </message>
    <message>
        <source>full precision (float32)</source>
        <translation>volle Genauigkeit (float32)</translation>
    </message>
    <message>
        <source>half precision (float16)</source>
        <translation>halbe Genauigkeit (float16)</translation>
    </message>
    <message>
        <source>half precision (bfloat16)</source>
        <translation>halbe Genauigkeit (bfloat16)</translation>
    </message>
    <message>
        <source>mostly {precision}</source>
        <translation>überwiegend {precision}</translation>
    </message>
    <message>
        <source>{number} %</source>
        <translation>{number} %</translation>
    </message>
    <message numerus="yes">
        <source>%Ln parameter(s)</source>
        <translation>
            <numerusform>%Ln Parameter</numerusform>
            <numerusform>%Ln Parameter</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln label(s)</source>
        <translation>
            <numerusform>%Ln Label</numerusform>
            <numerusform>%Ln Labels</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{name} (%Ln pixel(s), {share})</source>
        <translation>
            <numerusform>{name} (%Ln Pixel, {share})</numerusform>
            <numerusform>{name} (%Ln Pixel, {share})</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>WeightsWindow</name>
    <message>
        <source>Weights - SPADE Studio</source>
        <translation>Gewichte - SPADE Studio</translation>
    </message>
    <message>
        <source>Choose weights on the left, open a file or a folder, or drop one here.</source>
        <translation>Links Gewichte wählen, eine Datei oder einen Ordner öffnen oder hierher ziehen.</translation>
    </message>
    <message>
        <source>Default weights</source>
        <translation>Mitgelieferte Gewichte</translation>
    </message>
    <message>
        <source>there is no {path} any more</source>
        <translation>{path} gibt es nicht mehr</translation>
    </message>
    <message>
        <source>Locate it where it is now, or remove it from the list</source>
        <translation>Zeigen, wo sie jetzt ist, oder aus der Liste entfernen</translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation>Wird angesehen…</translation>
    </message>
    <message>
        <source>Taking their place…</source>
        <translation>Werden ausgetauscht…</translation>
    </message>
    <message>
        <source>The same layout and style. Nothing has changed yet.</source>
        <translation>Dasselbe Layout, derselbe Stil. Noch ist nichts geändert.</translation>
    </message>
    <message>
        <source>These weights are in use.</source>
        <translation>Diese Gewichte sind in Gebrauch.</translation>
    </message>
    <message>
        <source>Other weights are being loaded.</source>
        <translation>Andere Gewichte werden geladen.</translation>
    </message>
</context>
<context>
    <name>WindowDocuments</name>
    <message>
        <source>Ex&amp;port</source>
        <translation>Ex&amp;portieren</translation>
    </message>
    <message>
        <source>{name} was not opened: only one file opens at a time.</source>
        <translation>{name} wurde nicht geöffnet: es wird nur eine Datei auf einmal geöffnet.</translation>
    </message>
    <message numerus="yes">
        <source>%n other file(s) not opened: only one opens at a time.</source>
        <translation>
            <numerusform>%n weitere Datei wurde nicht geöffnet: Es wird nur eine auf einmal geöffnet.</numerusform>
            <numerusform>%n weitere Dateien wurden nicht geöffnet: Es wird nur eine auf einmal geöffnet.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>WindowStyles</name>
    <message>
        <source>Styles</source>
        <translation>Stile</translation>
    </message>
    <message>
        <source>Styles panel</source>
        <translation>Bereich Stile</translation>
    </message>
    <message>
        <source>There is no picture in the clipboard.</source>
        <translation>In der Zwischenablage ist kein Bild.</translation>
    </message>
    <message>
        <source>Photographs ({})</source>
        <translation>Fotos ({})</translation>
    </message>
    <message>
        <source>Take the style of photographs</source>
        <translation>Den Stil von Fotos übernehmen</translation>
    </message>
</context>
</TS>
